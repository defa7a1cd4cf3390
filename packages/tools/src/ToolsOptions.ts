/**
 * Everything that the built-in tools can be told. Complete: nothing is read from the environment, and what is left
 * out is left out on purpose. `toolsDefaults` is a preset to spread.
 */
import type { Duration } from "effect"

/** The fifteen tools, in the order in which they are listed. */
export const toolNames = [
  "Read",
  "Write",
  "Edit",
  "MultiEdit",
  "Glob",
  "Grep",
  "LS",
  "NotebookRead",
  "NotebookEdit",
  "TodoRead",
  "TodoWrite",
  "Bash",
  "Task",
  "WebSearch",
  "WebFetch"
] as const

/** The name of a built-in tool. */
export type BuiltInName = (typeof toolNames)[number]

/** Where files may be read and written. Paths are decided upon as what they really are, links resolved. */
export interface PathOptions {
  /** The folder that relative paths start from, and that commands run in. */
  readonly cwd: string
  /** Folders in which files may be read and written. */
  readonly roots: ReadonlyArray<string>
  /** Folders in which files may be read only. The innermost folder decides. */
  readonly readOnlyRoots: ReadonlyArray<string>
  /** Patterns of what is refused inside them, too. One without a slash is about names, at whatever depth. */
  readonly deny: ReadonlyArray<string>
  /** Whether a path may go through a symbolic link, to a place that is allowed itself. */
  readonly followsSymlinks: boolean
  /** How many folders below its root a path may go. */
  readonly maxDepth: number
  /** Endings of names that no tool writes: `.sh`. */
  readonly blockedExtensions: ReadonlyArray<string>
  /** Files that no tool writes, wherever they lie: those that say what tools may do. They need not be there yet. */
  readonly protect: ReadonlyArray<string>
}

/**
 * What commands may be run. A rule is the beginning of a command: `git status` allows it with all its arguments.
 * What no list names is asked about. An allowed interpreter (`python`, `node`, `make`) can do everything that this
 * program can do: the lists are no sandbox.
 */
export interface CommandOptions {
  /** Bash itself: the grammar by which commands are judged is that of Bash, so no other shell runs them. */
  readonly shell: string
  readonly allow: ReadonlyArray<string>
  readonly ask: ReadonlyArray<string>
  /** Stronger than both, and found behind `env`, `xargs`, `find -exec` and the like, too. */
  readonly deny: ReadonlyArray<string>
  /** What becomes of a command that must be asked about. */
  readonly undecided: "ask" | "refuse"
  /** All that commands see of the environment. */
  readonly environment: Readonly<Record<string, string>>
  /** Where a call names no limit. */
  readonly timeout: Duration.Input
  readonly maxTimeout: Duration.Input
  /** Of output and errors each; the beginning and the end are kept. */
  readonly maxOutputBytes: number
  /** Data of one process (`ulimit -d`). */
  readonly maxMemoryBytes: number | "unlimited"
  /** Commands that run in the background at once. */
  readonly maxJobs: number
  /**
   * Whether commands run in a sandbox: it sees programs and the folders of the path policy, without what that denies, can
   * write only where that lets it, and has processes and a folder for temporary files of its own. Linux only. `auto`: where
   * one is possible; `required`: commands are refused where none is.
   */
  readonly sandbox: "off" | "auto" | "required"
  /** Whether commands in a sandbox reach the network. */
  readonly sandboxNetwork: boolean
}

/** What may be fetched. Addresses are judged after names have been resolved, and again at each redirect. */
export interface UrlOptions {
  /** Networks (CIDR) that may be reached although they are private. */
  readonly allowAddresses: ReadonlyArray<string>
  /** Only these hosts and what is below them; empty for all. */
  readonly allowHosts: ReadonlyArray<string>
  readonly denyHosts: ReadonlyArray<string>
  readonly ports: ReadonlyArray<number>
  readonly maxRedirects: number
  readonly maxBytes: number
  readonly timeout: Duration.Input
  readonly userAgent: string
}

/** How many calls of one tool run at once, and how long one may take. */
export interface ToolLimit {
  readonly maxConcurrent: number
  readonly timeout: Duration.Input
}

/** Limits over all tools. */
export interface LimitOptions {
  /** Calls that run at once. Bash and Task, which wait for persons and conversations, have only limits of their own. */
  readonly maxConcurrent: number
  /** Calls that wait for their turn; further ones fail. */
  readonly maxQueued: number
  /** How long a call waits for its turn. */
  readonly queueTimeout: Duration.Input
  /** How often a call may begin. */
  readonly rate: { readonly limit: number; readonly per: Duration.Input }
  readonly tools: Readonly<Record<BuiltInName, ToolLimit>>
  readonly maxFileBytes: number
  /** The length of a result in characters; the beginning and the end are kept. */
  readonly maxResultCharacters: number
  /** What Glob and LS give at most, and what Grep looks at. */
  readonly maxEntries: number
  readonly maxSearchedBytes: number
}

/** Images of files before they were changed. */
export interface UndoOptions {
  readonly folder: string
  readonly maxChanges: number
  readonly maxBytes: number
}

/** Everything that the built-in tools can be told. */
export interface ToolsOptions {
  /** The tools that are there; no other can be called. */
  readonly enabled: ReadonlyArray<BuiltInName>
  /** What they are called after on a clash of names: `tools__Read`. */
  readonly source: string
  readonly paths: PathOptions
  readonly commands: CommandOptions
  readonly urls: UrlOptions
  readonly limits: LimitOptions
  /** Where to-dos and tasks are kept, one list for each conversation. */
  readonly stateFolder: string
  /** Absent: changes of files cannot be taken back. */
  readonly undo: UndoOptions | undefined
}
