/**
 * What the built-in tools refuse, and what goes wrong in them. All of it is told to the model as an error result, in
 * which the code stands first, so that it can act upon it; none of it ends a turn.
 */
import { defineError, type ErrorClass, statuses } from "@signalbox/errors"
import { Duration, Schema } from "effect"

const path = { path: Schema.String }
const reason = { reason: Schema.String }

/** A path that the policy does not allow. Nothing was opened, or what was opened was closed unread. */
export class PathRefused extends defineError<PathRefused>()("PathRefused", {
  code: "PATH_REFUSED",
  status: statuses.forbidden,
  fields: { ...path, ...reason },
  message: ({ path, reason }) => `The path ${JSON.stringify(path)} is refused: ${reason}.`,
  hint: () =>
    "Use another path inside the folders that the tools may use, or change what is allowed in the configuration (tools.paths)."
}) {}

/** A shell command that the policy does not allow. Nothing of it was run. */
export class CommandRefused extends defineError<CommandRefused>()("CommandRefused", {
  code: "COMMAND_REFUSED",
  status: statuses.forbidden,
  fields: { ...reason, isAboutPath: Schema.optionalKey(Schema.Boolean) },
  message: ({ reason }) => `The command is refused, and nothing of it was run: ${reason}.`,
  hint: ({ isAboutPath }) =>
    isAboutPath === true
      ? "Use another file inside the folders that the tools may change, or change what is allowed in the configuration (tools.paths)."
      : "Use a command that is allowed, or change the lists in the configuration (tools.commands)."
}) {}

/** An address that the policy does not allow. No connection was made to it. */
export class UrlRefused extends defineError<UrlRefused>()("UrlRefused", {
  code: "URL_REFUSED",
  status: statuses.forbidden,
  fields: {
    url: Schema.String,
    ...reason,
    /** The option that decided; absent where no option allows it. */
    rule: Schema.optionalKey(Schema.Literals(["allowAddresses", "allowHosts", "denyHosts", "ports"]))
  },
  message: ({ reason, url }) => `The address ${JSON.stringify(url)} is refused: ${reason}.`,
  hint: () =>
    "Use a public http or https address, or allow its network, host or port in the configuration (tools.urls)."
}) {}

/** There is nothing of this name. */
export class FileNotFound extends defineError<FileNotFound>()("FileNotFound", {
  code: "FILE_NOT_FOUND",
  status: statuses.notFound,
  fields: path,
  message: ({ path }) => `There is no file or folder ${JSON.stringify(path)}.`,
  hint: () => "Look for it with Glob or LS."
}) {}

/** Something else is there than what the tool works on. */
export class FileKindWrong extends defineError<FileKindWrong>()("FileKindWrong", {
  code: "FILE_KIND_WRONG",
  status: statuses.badData,
  fields: { ...path, expected: Schema.String, found: Schema.String },
  message: ({ expected, found, path }) => `${JSON.stringify(path)} is ${found}; expected ${expected}.`
}) {}

/** The operating system does not let this program do it. */
export class FileAccessDenied extends defineError<FileAccessDenied>()("FileAccessDenied", {
  code: "FILE_ACCESS_DENIED",
  status: statuses.forbidden,
  fields: path,
  message: ({ path }) => `The operating system does not allow access to ${JSON.stringify(path)}.`
}) {}

/** Anything else that the file system answers. */
export class FileFailed extends defineError<FileFailed>()("FileFailed", {
  code: "FILE_FAILED",
  status: statuses.internal,
  fields: { ...path, ...reason },
  message: ({ path, reason }) => `${JSON.stringify(path)}: ${reason}.`
}) {}

/** More than the tools may read or write at once. */
export class FileTooLarge extends defineError<FileTooLarge>()("FileTooLarge", {
  code: "FILE_TOO_LARGE",
  status: statuses.tooLarge,
  fields: { ...path, bytes: Schema.Finite, limit: Schema.Finite },
  message: ({ bytes, limit, path }) => `${JSON.stringify(path)} has ${bytes} bytes; ${limit} are allowed.`,
  hint: () => "Work on a part of it, or raise tools.limits.maxFileBytes in the configuration."
}) {}

/** It is no text in UTF-8. */
export class FileBinary extends defineError<FileBinary>()("FileBinary", {
  code: "FILE_BINARY",
  status: statuses.badData,
  fields: path,
  message: ({ path }) => `${JSON.stringify(path)} is no text in UTF-8, so it can be neither shown nor edited.`
}) {}

/** An edit does not fit the file, which is unchanged. */
export class EditFailed extends defineError<EditFailed>()("EditFailed", {
  code: "EDIT_FAILED",
  status: statuses.badData,
  fields: { ...path, ...reason, edit: Schema.optionalKey(Schema.Int) },
  message: ({ edit, path, reason }) =>
    `${JSON.stringify(path)} was not changed: ${edit === undefined ? "" : `edit ${edit}: `}${reason}.`,
  hint: () => "Read the file again and give the old text exactly as it stands there."
}) {}

/** A pattern that is none, or that could not be matched in a time that is known in advance. */
export class PatternInvalid extends defineError<PatternInvalid>()("PatternInvalid", {
  code: "PATTERN_INVALID",
  status: statuses.invalidParams,
  fields: { pattern: Schema.String, ...reason },
  message: ({ pattern, reason }) => `The pattern ${JSON.stringify(pattern)} cannot be used: ${reason}.`
}) {}

/** A notebook that is none, or a cell that it does not have. */
export class NotebookInvalid extends defineError<NotebookInvalid>()("NotebookInvalid", {
  code: "NOTEBOOK_INVALID",
  status: statuses.badData,
  fields: { ...path, ...reason },
  message: ({ path, reason }) => `The notebook ${JSON.stringify(path)}: ${reason}.`
}) {}

/** What a tool keeps for itself (to-dos, tasks) cannot be read or written. */
export class ToolStateFailed extends defineError<ToolStateFailed>()("ToolStateFailed", {
  code: "TOOL_STATE_FAILED",
  status: statuses.internal,
  fields: { ...path, ...reason },
  message: ({ path, reason }) => `The tools keep their lists in ${JSON.stringify(path)}: ${reason}.`,
  hint: ({ path }) => `Repair or remove ${path}.`
}) {}

/** A list has no entry of this id. */
export class EntryNotFound extends defineError<EntryNotFound>()("EntryNotFound", {
  code: "ENTRY_NOT_FOUND",
  status: statuses.notFound,
  fields: { id: Schema.String, list: Schema.String },
  message: ({ id, list }) => `There is no ${list} ${JSON.stringify(id)}.`
}) {}

/** A command could not be started at all. */
export class CommandNotStarted extends defineError<CommandNotStarted>()("CommandNotStarted", {
  code: "COMMAND_NOT_STARTED",
  status: statuses.unavailable,
  fields: reason,
  message: ({ reason }) => `The command could not be started: ${reason}.`,
  hint: () => "Bash must be installed; tools.commands.shell names it."
}) {}

/** Commands are to run in a sandbox, and none is possible here. Nothing was run. */
export class SandboxUnavailable extends defineError<SandboxUnavailable>()("SandboxUnavailable", {
  code: "SANDBOX_UNAVAILABLE",
  status: statuses.configuration,
  fields: reason,
  message: ({ reason }) =>
    `Commands run in a sandbox only (tools.commands.sandbox), and none is possible here: ${reason}.`,
  hint: () =>
    "Install bubblewrap (apt install bubblewrap, dnf install bubblewrap), or set tools.commands.sandbox to auto or off."
}) {}

/** A page could not be fetched. */
export class FetchFailed extends defineError<FetchFailed>()("FetchFailed", {
  code: "FETCH_FAILED",
  status: statuses.badGateway,
  fields: { url: Schema.String, ...reason },
  message: ({ reason, url }) => `${JSON.stringify(url)} could not be fetched: ${reason}.`
}) {}

/** Nobody searches the web: no provider was configured. */
export class SearchNotConfigured extends defineError<SearchNotConfigured>()("SearchNotConfigured", {
  code: "SEARCH_NOT_CONFIGURED",
  status: statuses.configuration,
  fields: {},
  message: () => "No provider for searching the web is configured.",
  hint: () => "Name one in the configuration (tools.search), or use WebFetch with a known address."
}) {}

/** The search provider did not answer as it should. */
export class SearchFailed extends defineError<SearchFailed>()("SearchFailed", {
  code: "SEARCH_FAILED",
  status: statuses.badGateway,
  retryable: true,
  fields: { provider: Schema.String, ...reason },
  message: ({ provider, reason }) => `The search provider ${provider} did not answer: ${reason}.`
}) {}

/** A task was given to a sub-agent, and there is none, or it must not have one of its own. */
export class SubAgentUnavailable extends defineError<SubAgentUnavailable>()("SubAgentUnavailable", {
  code: "SUB_AGENT_UNAVAILABLE",
  status: statuses.unavailable,
  fields: reason,
  message: ({ reason }) => `No sub-agent can take the task: ${reason}.`,
  hint: () => "Do the task yourself, step by step."
}) {}

/** A change cannot be taken back. */
export class UndoRefused extends defineError<UndoRefused>()("UndoRefused", {
  code: "UNDO_REFUSED",
  status: statuses.conflict,
  fields: { ...path, ...reason },
  message: ({ path, reason }) => `The change of ${JSON.stringify(path)} is not taken back: ${reason}.`
}) {}

/** A folder that the options name is not there. */
export class ToolRootMissing extends defineError<ToolRootMissing>()("ToolRootMissing", {
  code: "TOOL_ROOT_MISSING",
  status: statuses.configuration,
  fields: path,
  message: ({ path }) => `The folder ${JSON.stringify(path)}, which the built-in tools may use, is not there.`,
  hint: () => "Create the folder, or correct tools.paths (cwd, roots, readOnlyRoots) in the configuration."
}) {}

/** The work of a tool took longer than it may; it was ended. */
export class ToolTookTooLong extends defineError<ToolTookTooLong>()("ToolTookTooLong", {
  code: "TOOL_TOOK_TOO_LONG",
  status: statuses.timeout,
  fields: { what: Schema.String, limit: Schema.DurationFromMillis, origin: Schema.optionalKey(Schema.String) },
  message: ({ limit, origin, what }) =>
    `${what} took longer than ${Duration.format(limit)}${origin === undefined ? "" : ` (${origin})`} and was ended.`,
  hint: () => "Ask for less at once, or give more time where the tool has a parameter for it."
}) {}

/** What a built-in tool tells the model instead of an answer. */
export type BuiltInError =
  | PathRefused
  | CommandRefused
  | UrlRefused
  | FileNotFound
  | FileKindWrong
  | FileAccessDenied
  | FileFailed
  | FileTooLarge
  | FileBinary
  | EditFailed
  | PatternInvalid
  | NotebookInvalid
  | ToolStateFailed
  | EntryNotFound
  | CommandNotStarted
  | SandboxUnavailable
  | FetchFailed
  | SearchNotConfigured
  | SearchFailed
  | SubAgentUnavailable
  | UndoRefused
  | ToolTookTooLong

/** Every error class of this package, for tables. */
export const toolsErrors = [
  PathRefused,
  CommandRefused,
  UrlRefused,
  FileNotFound,
  FileKindWrong,
  FileAccessDenied,
  FileFailed,
  FileTooLarge,
  FileBinary,
  EditFailed,
  PatternInvalid,
  NotebookInvalid,
  ToolStateFailed,
  EntryNotFound,
  CommandNotStarted,
  SandboxUnavailable,
  FetchFailed,
  SearchNotConfigured,
  SearchFailed,
  SubAgentUnavailable,
  UndoRefused,
  ToolRootMissing,
  ToolTookTooLong
] as const satisfies ReadonlyArray<ErrorClass>
