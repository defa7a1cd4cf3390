/**
 * The built-in tools as one `Toolbox`. What is not enabled is not there. A refusal is an answer for the model; only
 * arguments that do not fit, limits, and names that nobody has are failures.
 */
import {
  ApprovalRefused,
  ApprovalRequired,
  type CallContext,
  InvalidParams,
  type JsonObject,
  makeQuestionClock,
  nearestName,
  Toolbox,
  type ToolDefinition,
  ToolNotFound,
  type ToolResult,
  type ToolTimeout
} from "@signalbox/model"
import type { BulkheadError } from "@signalbox/resilience"
import {
  Cause,
  Context,
  Duration,
  Effect,
  Exit,
  type FileSystem,
  Layer,
  Option,
  Path,
  Schema,
  type Scope
} from "effect"
import { ChildProcessSpawner } from "effect/process"
import type { NotApproved } from "./approval.ts"
import { bashTool } from "./bash/bashTool.ts"
import { makeCommandPolicy } from "./bash/CommandPolicy.ts"
import { makeJobs } from "./bash/Jobs.ts"
import type { BuiltIn } from "./BuiltIn.ts"
import { type BuiltInError, type FileFailed, type ToolRootMissing, UndoRefused } from "./errors.ts"
import { editTool, multiEditTool } from "./files/editTools.ts"
import { globTool } from "./files/globTool.ts"
import { grepTool } from "./files/grepTool.ts"
import { lsTool } from "./files/lsTool.ts"
import { type ChangedFile, previewChange } from "./files/previewChange.ts"
import { notebookEditTool, notebookReadTool } from "./files/notebookTools.ts"
import { readTool } from "./files/readTool.ts"
import { writeTool } from "./files/writeTool.ts"
import { type Limits, makeLimits } from "./limits.ts"
import { countCall } from "./metrics.ts"
import type { DirectFiles } from "./paths/DirectFiles.ts"
import { makeWorkspace, type WorkspaceError } from "./paths/Workspace.ts"
import { toErrorResult, toResult } from "./result.ts"
import { makeSandbox } from "./sandbox/Sandbox.ts"
import { taskTool } from "./task/taskTool.ts"
import { makeStateFiles } from "./todo/StateFiles.ts"
import { todoReadTool, todoWriteTool } from "./todo/todoTools.ts"
import { type BuiltInName, toolNames, type ToolsOptions } from "./ToolsOptions.ts"
import { type FileChange, makeUndoJournal } from "./undo/UndoJournal.ts"
import { SearchProvider } from "./web/SearchProvider.ts"
import { makeUrlPolicy } from "./web/UrlPolicy.ts"
import { WebAccess } from "./web/WebAccess.ts"
import { webFetchTool } from "./web/webFetchTool.ts"
import { webSearchTool } from "./web/webSearchTool.ts"

/** What a call of a built-in tool can fail with. Everything else is told in its result. */
export type BuiltInCallError = InvalidParams | NotApproved | ToolNotFound | ToolTimeout | BulkheadError

/** What the tools need from their surroundings. */
export type BuiltInRequirements =
  | ChildProcessSpawner.ChildProcessSpawner
  | DirectFiles
  | FileSystem.FileSystem
  | Path.Path
  | WebAccess

/** The built-in tools, and what can be taken back of their work. */
export class BuiltInTools extends Context.Service<
  BuiltInTools,
  {
    readonly toolbox: Toolbox["Service"]
    /** Changes of files that can be taken back, the latest first; none where `undo` is not configured. */
    readonly changes: Effect.Effect<ReadonlyArray<FileChange>, FileFailed>
    /** Takes a change back, unless the file has been changed since. */
    readonly revert: (id: string) => Effect.Effect<FileChange, UndoRefused | WorkspaceError>
    /** A file as it was before a change and as that left it; nothing where what it left is not there any more. */
    readonly changedFile: (id: string) => Effect.Effect<ChangedFile | undefined, FileFailed>
    /** What a call of a tool would make of a file; nothing where it changes none, or would be refused. Nothing is written. */
    readonly preview: (toolName: string, input: JsonObject) => Effect.Effect<ChangedFile | undefined>
  }
>()("@signalbox/tools/BuiltInTools") {
  /** The tools of these options. Commands in the background end with the scope. */
  static readonly make = Effect.fn("BuiltInTools.make")(makeBuiltInTools)

  static readonly layer = (options: ToolsOptions): Layer.Layer<BuiltInTools, ToolRootMissing, BuiltInRequirements> =>
    Layer.effect(BuiltInTools, BuiltInTools.make(options))

  /** The tools alone, as the one toolbox of a program. */
  static readonly layerToolbox = (options: ToolsOptions): Layer.Layer<Toolbox, ToolRootMissing, BuiltInRequirements> =>
    Layer.effect(
      Toolbox,
      Effect.map(BuiltInTools.make(options), ({ toolbox }) => toolbox)
    )
}

function* makeBuiltInTools(
  options: ToolsOptions
): Effect.fn.Return<BuiltInTools["Service"], ToolRootMissing, BuiltInRequirements | Scope.Scope> {
  const { commands, limits, source, undo, urls } = options
  const path = yield* Path.Path
  const web = yield* WebAccess
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const journal = undo === undefined ? undefined : yield* makeUndoJournal(undo)
  const workspace = yield* makeWorkspace(options, journal?.aroundWrite)
  const state = yield* makeStateFiles(options.stateFolder)
  const urlPolicy = makeUrlPolicy(urls, web)
  const { cwd } = workspace.policy
  const place = { options: commands, cwd, sandbox: yield* makeSandbox(options, workspace.policy) }
  const all: Readonly<Record<BuiltInName, BuiltIn>> = {
    Read: readTool(workspace, limits.maxResultCharacters),
    Write: writeTool(workspace, limits.maxFileBytes),
    Edit: editTool(workspace),
    MultiEdit: multiEditTool(workspace),
    Glob: globTool(workspace, limits.maxEntries, path),
    Grep: grepTool(workspace, limits, path),
    LS: lsTool(workspace, limits.maxEntries, path),
    NotebookRead: notebookReadTool(workspace),
    NotebookEdit: notebookEditTool(workspace),
    TodoRead: todoReadTool(state),
    TodoWrite: todoWriteTool(state),
    Bash: bashTool({
      ...place,
      policy: makeCommandPolicy(commands, workspace.policy, path),
      source,
      jobs: yield* makeJobs(place),
      spawner
    }),
    Task: taskTool(state),
    WebSearch: webSearchTool(yield* SearchProvider),
    WebFetch: webFetchTool(urls, urlPolicy, web, limits.maxResultCharacters)
  }
  const enabled = new Map(
    toolNames.filter((name) => options.enabled.includes(name)).map((name) => [name as string, all[name]] as const)
  )
  return {
    toolbox: toolboxOf(options, [...enabled.values()], yield* makeLimits(options)),
    changes: journal?.list ?? Effect.succeed([]),
    revert: (id) =>
      journal === undefined
        ? Effect.fail(new UndoRefused({ path: id, reason: "no images of files are kept (tools.undo)" }))
        : journal.revert(id, workspace),
    changedFile: (id) => journal?.changedFile(id, workspace) ?? Effect.undefined,
    preview: previewChange(workspace, limits.maxFileBytes)
  }
}

const toolboxOf = (
  { limits: { maxResultCharacters }, source }: ToolsOptions,
  tools: ReadonlyArray<BuiltIn>,
  limits: Limits
): Toolbox["Service"] => {
  const definitions: ReadonlyArray<ToolDefinition> = tools.map((tool) => tool.definition(source))
  const byName = new Map(tools.map((tool) => [tool.name as string, tool] as const))
  const available = [...byName.keys()]

  const run = (tool: BuiltIn, input: JsonObject, context: CallContext) =>
    tool.run(input, context).pipe(
      Effect.map((output) => ({
        result: toResult(output, maxResultCharacters),
        outcome: output.isError === true ? "tool_error" : "ok"
      })),
      Effect.catchIf(
        (error): error is BuiltInError => !isFailure(error),
        (error) => Effect.succeed({ result: toErrorResult(error, maxResultCharacters), outcome: error.code })
      ),
      limits.hold(tool)
    )

  // Whoever calls has a span for it already.
  const call = Effect.fnUntraced(function* (
    name: string,
    input: JsonObject,
    context: CallContext
  ): Effect.fn.Return<ToolResult, BuiltInCallError> {
    const tool = byName.get(name)
    if (tool === undefined) {
      const nearest = nearestName(name, available)
      return yield* new ToolNotFound({ toolName: name, available, ...(nearest === undefined ? {} : { nearest }) })
    }
    const clock = makeQuestionClock(context.interaction)
    const asking = { ...context, interaction: clock.interaction }
    const [duration, exit] = yield* Effect.timed(Effect.exit(run(tool, input, asking)))
    const own = Duration.subtract(duration, yield* clock.asked)
    yield* countCall({ source, tool: name }, outcomeOf(exit), own)
    return (yield* exit).result
  })

  return { list: Effect.succeed(definitions), call }
}

/** What ends a call without a result: wrong arguments, and a person who was to be asked. */
const isFailure = Schema.is(Schema.Union([InvalidParams, ApprovalRefused, ApprovalRequired]))

const outcomeOf = (exit: Exit.Exit<{ readonly outcome: string }, { readonly code: string }>): string => {
  if (Exit.isSuccess(exit)) return exit.value.outcome
  const failure = Exit.findErrorOption(exit)
  return Option.isSome(failure) ? failure.value.code : Cause.hasInterruptsOnly(exit.cause) ? "CANCELLED" : "INTERNAL"
}
