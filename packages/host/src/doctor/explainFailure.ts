/**
 * Why a server did not come up, from the class of its failure; the texts of servers only add advice.
 */
import type { AuthorizationRequired, ConnectError, ServerError, SpawnFailed } from "@signalbox/mcp"
import type { System } from "../config/import/ForeignFormat.ts"
import { runnerOf, type ServerProgram } from "../config/ServerProgram.ts"
import { type Finding, finding } from "./Finding.ts"
import { howToInstall } from "./bringers.ts"
import type { ServerEntry } from "../config/HostOptions.ts"
import type { Probe } from "./probeServers.ts"

type Failure = ConnectError | ServerError

type Explained = Pick<Finding, "code" | "fix"> & Partial<Pick<Finding, "path" | "repair">>

const spawnFailed = (error: SpawnFailed, system: System): Explained => {
  switch (error.reason) {
    case "CommandNotFound":
      return {
        code: "COMMAND_MISSING",
        path: ["command"],
        fix:
          error.searchedPath === undefined
            ? "Correct the path of the command; it starts from the folder of the configuration."
            : howToInstall(error.command, system)
      }
    case "DirectoryNotFound":
      return {
        code: "CWD_MISSING",
        path: ["cwd"],
        fix: `Create the folder, or correct "cwd"; it starts from the folder of the configuration.`,
        repair: error.cwd === undefined ? undefined : { _tag: "CreateFolder", folder: error.cwd }
      }
    case "NotExecutable":
      return {
        code: "COMMAND_NOT_EXECUTABLE",
        path: ["command"],
        fix: `Make it executable (chmod +x ${error.command}), or start it through its interpreter.`
      }
    case "BatchFile":
    case "SystemRefused":
      return { code: "CANNOT_CONNECT", path: ["command"], fix: error.hint ?? "" }
  }
}

/** What the last words of a process that ended often mean. */
const lastWords: ReadonlyArray<readonly [pattern: RegExp, code: "CRASHED_AT_START" | "NEEDS_LOGIN", fix: string]> = [
  [
    /\b(unauthori[sz]ed|not (logged|signed) in|log ?in first|authentication (failed|required)|invalid (api key|token|credentials))\b/i,
    "NEEDS_LOGIN",
    "It wants credentials: log in with its own command, or give it the variable that it asks for under env."
  ],
  [
    /\b[A-Z][A-Z0-9_]*(KEY|TOKEN|SECRET|PASSWORD)\b.*\b(required|missing|not set|undefined|must be set|not found)\b/,
    "NEEDS_LOGIN",
    "It wants credentials: give it the variable that it asks for under env, as env:NAME."
  ],
  [
    /ERR_MODULE_NOT_FOUND|Cannot find (module|package)|ModuleNotFoundError|No module named/,
    "CRASHED_AT_START",
    "Something that it is made of is not installed: install its dependencies, or correct the path in its arguments."
  ],
  [/EADDRINUSE|address already in use/i, "CRASHED_AT_START", "Its port is in use: another copy of it may be running."],
  [
    /SyntaxError|requires (node|python)|Unsupported engine|EBADENGINE/i,
    "CRASHED_AT_START",
    'Its runtime may be too old. Say what it needs, such as requires: { node: ">=20" }, and this is compared.'
  ]
]

const crashed = (lines: ReadonlyArray<string>): Explained => {
  const text = lines.join("\n")
  const [, code, fix] = lastWords.find(([pattern]) => pattern.test(text)) ?? []
  return {
    code: code ?? "CRASHED_AT_START",
    fix:
      fix ??
      (lines.length === 0
        ? "It said nothing. Run its command by hand to see why it ends."
        : "What it said last tells why.")
  }
}

const needsLogin = ({ denial, hint, serverName }: AuthorizationRequired): Explained => {
  switch (denial) {
    case "NoLogin":
      return {
        code: "NEEDS_LOGIN",
        fix: `Log in: signalbox servers login ${serverName}. Or give it credentials: headers: { Authorization: "Bearer env:NAME" }.`
      }
    case "ClientRefused":
      return { code: "NEEDS_LOGIN", path: ["auth"], fix: hint ?? "" }
    case "HeaderRefused":
    case undefined:
      return {
        code: "NEEDS_LOGIN",
        path: ["headers"],
        fix: 'Give it credentials: headers: { Authorization: "Bearer env:NAME" }.'
      }
    default:
      return { code: "NEEDS_LOGIN", fix: hint ?? "" }
  }
}

const noAnswer = (junk: ReadonlyArray<string>): Explained => ({
  code: "NO_ANSWER",
  fix:
    junk.length > 0
      ? "It writes, but no MCP messages: it may need another argument to speak over standard output."
      : 'Check that it is an MCP server and of this transport. If it is only slow, raise its "connectTimeout".'
})

const explain = (error: Failure, { junk, stderr }: Probe, system: System): Explained => {
  switch (error._tag) {
    case "SpawnFailed":
      return spawnFailed(error, system)
    case "ServerExited":
      return crashed(stderr)
    case "HandshakeTimeout":
    case "RequestTimeout":
      return noAnswer(junk)
    case "AuthorizationRequired":
      return needsLogin(error)
    case "ServerUnreachable":
      return { code: "UNREACHABLE", path: ["url"], fix: error.hint ?? "" }
    default:
      return { code: "CANNOT_CONNECT", fix: error.hint ?? "" }
  }
}

/** The same for a program that the configuration does not name by its command. */
const inItsWords = (explained: Explained, program: ServerProgram): Explained => {
  const runner = runnerOf(program)
  if (explained.path?.[0] !== "command" || program.command !== undefined) return explained
  const instead = `, or leave out "runner" and have ${runner?.runtime} ${runner?.version} here.`
  return {
    ...explained,
    path: [runner === undefined ? "runtime" : "runner"],
    fix: runner === undefined ? explained.fix : explained.fix.replace(/, or give the full path of .*$/, instead)
  }
}

/** The finding on a server that did not come up. */
export const explainFailure = (error: Failure, probe: Probe, entry: ServerEntry, system: System): Finding => {
  const { path = [], ...explained } =
    entry.transport === "stdio" ? inItsWords(explain(error, probe, system), entry) : explain(error, probe, system)
  return finding({
    severity: "error",
    serverName: probe.serverName,
    path: ["servers", probe.serverName, ...path],
    message: error.message,
    lines: probe.stderr.filter((line) => line.trim() !== ""),
    ...explained
  })
}
