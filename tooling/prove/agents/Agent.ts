/**
 * Coding agents as they come from npm: how each is told what to do, how its own tools are called by the model, and which
 * variables keep it from calling home. Versions are pinned, so that a run today and one next month are the same.
 */

/** A call that the model makes of a tool that the agent runs. */
interface OwnCall {
  readonly name: string
  readonly input: Readonly<Record<string, unknown>>
}

/** One coding agent. */
export interface Agent {
  readonly name: "claude" | "codex" | "opencode"
  readonly packageName: string
  readonly version: string
  /** The program in `node_modules`, past scripts that only choose it: first found, first taken. */
  readonly programs: ReadonlyArray<string>
  /** The command of `signalbox` whose output the shell reads. */
  readonly environmentCommand: string
  /** No updates, telemetry or lists from outside, in the agent's own words. */
  readonly quiet: Readonly<Record<string, string>>
  /** The words that ask something, in a new conversation or in the latest one. */
  readonly ask: (question: string) => ReadonlyArray<string>
  readonly askAgain: (question: string) => ReadonlyArray<string>
  /** A tool that requests of its conversations offer, and those for titles and the like do not. */
  readonly mark: string
  /** Reads a file and runs a command, with tools of its own. */
  readonly ownCalls: (file: string, command: string) => ReadonlyArray<OwnCall>
  /** Places that it asks for whatever it is told; they are not there. */
  readonly asksFor?: ReadonlyArray<string>
  /** Files that are there before it is started, by their path below the home folder. */
  readonly homeFiles?: Readonly<Record<string, string>>
}

const arch = process.arch === "arm64" ? "arm64" : "x64"

const claude: Agent = {
  name: "claude",
  packageName: "@anthropic-ai/claude-code",
  version: "2.1.329",
  programs: [`@anthropic-ai/claude-code-linux-${arch}/claude`],
  environmentCommand: "claude-env",
  quiet: {
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    DISABLE_TELEMETRY: "1",
    DISABLE_ERROR_REPORTING: "1"
  },
  ask: (question) => ["claude", "-p", question, "--allowedTools", "Read,Bash"],
  askAgain: (question) => ["claude", "-p", "--continue", question, "--allowedTools", "Read,Bash"],
  mark: "Bash",
  ownCalls: (file, command) => [
    { name: "Read", input: { file_path: file } },
    { name: "Bash", input: { command, description: "Says something" } }
  ]
}

// The sandbox needs rights that containers do not give; the folder is a temporary one.
const codexFlags = ["--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"]

const codex: Agent = {
  name: "codex",
  packageName: "@openai/codex",
  version: "0.169.0",
  programs: [
    `@openai/codex-linux-${arch}/vendor/${arch === "arm64" ? "aarch64" : "x86_64"}-unknown-linux-musl/bin/codex`
  ],
  environmentCommand: "codex-env",
  quiet: {},
  homeFiles: {
    ".codex/config.toml":
      "check_for_update_on_startup = false\n[analytics]\nenabled = false\n[feedback]\nenabled = false\n[features]\nplugins = false\nremote_plugin = false\napps = false\n"
  },
  ask: (question) => ["codex", "exec", ...codexFlags, question],
  askAgain: (question) => ["codex", "exec", "resume", "--last", ...codexFlags, question],
  mark: "functions__exec",
  // Its one tool runs a program, which has the others as functions.
  ownCalls: (file, command) => [
    {
      name: "functions__exec",
      input: {
        input: `for (const cmd of ${JSON.stringify([`cat '${file}'`, command])}) text((await tools.exec_command({ cmd })).output)`
      }
    }
  ]
}

const opencode: Agent = {
  name: "opencode",
  packageName: "opencode-ai",
  version: "1.18.33",
  programs: [`opencode-linux-${arch}-baseline/bin/opencode`, `opencode-linux-${arch}/bin/opencode`],
  environmentCommand: "opencode-env",
  quiet: {
    OPENCODE_DISABLE_AUTOUPDATE: "1",
    OPENCODE_DISABLE_MODELS_FETCH: "1",
    OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
    OPENCODE_DISABLE_SHARE: "1"
  },
  ask: (question) => ["opencode", "run", question],
  askAgain: (question) => ["opencode", "run", "--continue", question],
  mark: "bash",
  // A package for plugins, which it fetches in the background.
  asksFor: ["registry.npmjs.org:443"],
  ownCalls: (file, command) => [
    { name: "read", input: { filePath: file } },
    { name: "bash", input: { command, description: "Says something" } }
  ]
}

/** All that are tried. */
export const agents: ReadonlyArray<Agent> = [claude, codex, opencode]
