/**
 * The servers of a configuration as the orchestrator wants them: references resolved, paths absolute,
 * limits filled in from `runtime`.
 */
import type { MaybeSecret, OAuthOptions, ServerOptions } from "@signalbox/mcp"
import { managedDefaults, type ManagedServer } from "@signalbox/orchestrator"
import { Effect, Path, Redacted } from "effect"
import type { LoadedConfig } from "./config/ConfigFile.ts"
import type { HostOptions, ServerEntry } from "./config/HostOptions.ts"
import type { FoundProblem } from "./config/layers.ts"
import type { ServerAuth } from "./config/ServerAuth.ts"
import { requirementsOf, runnerOf, startWords } from "./config/ServerProgram.ts"
import { describeProblem } from "./errors.ts"
import { notSet, resolveText, unsetVariables } from "./config/secrets.ts"
import { inTestMode } from "./testing/testMode.ts"

type Environment = Readonly<Record<string, string | undefined>>

interface Resolver {
  /** The resolved text; an unset variable is noted as a problem of the key. */
  readonly secret: (key: ReadonlyArray<PropertyKey>, value: string) => MaybeSecret
  readonly plain: (key: ReadonlyArray<PropertyKey>, value: string) => string
  readonly problems: ReadonlyArray<FoundProblem>
}

const makeResolver = (name: string, environment: Environment, directory: string): Resolver => {
  const problems: Array<FoundProblem> = []
  const secret: Resolver["secret"] = (key, value) => {
    const resolved = resolveText(value, environment, directory)
    if (resolved !== undefined) return resolved
    problems.push({
      path: ["servers", name, ...key],
      message: notSet(unsetVariables(value, environment)),
      suggestion: "set it, or disable the server"
    })
    return value
  }
  return {
    secret,
    plain: (key, value) => {
      const resolved = secret(key, value)
      return typeof resolved === "string" ? resolved : Redacted.value(resolved)
    },
    problems
  }
}

/** A name alone is looked for in `PATH`, a path starts from the folder of the configuration. */
const commandOf = (command: string, path: Path.Path, directory: string): string =>
  /[\\/]/.test(command) ? path.resolve(directory, command) : command

/** The program of an entry and all of its arguments. */
const programOf = (
  entry: Extract<ServerEntry, { readonly transport: "stdio" }>,
  resolver: Resolver,
  path: Path.Path,
  directory: string
) => {
  const { args, command, file, runtimeArgs = [], ...rest } = entry
  const resolved = {
    ...rest,
    ...(command === undefined ? {} : { command: commandOf(resolver.plain(["command"], command), path, directory) }),
    ...(file === undefined ? {} : { file: path.resolve(directory, resolver.plain(["file"], file)) }),
    runtimeArgs: runtimeArgs.map((argument, index) => resolver.plain(["runtimeArgs", index], argument))
  }
  const [program, ...words] = startWords(resolved, path.sep === "\\")
  return {
    command: program,
    args: [...words, ...args.map((argument, index) => resolver.plain(["args", index], argument))],
    file: resolved.file
  }
}

/** Where a server is reached, and what its program needs beside its command. */
interface Started {
  readonly endpoint: ServerOptions["endpoint"]
  readonly program: ManagedServer["program"]
}

const startedOf = (entry: ServerEntry, resolver: Resolver, path: Path.Path, directory: string): Started => {
  if (entry.transport === "stdio") {
    const { args, command, file } = programOf(entry, resolver, path, directory)
    const runner = runnerOf(entry)
    return {
      endpoint: {
        transport: "stdio",
        command,
        args,
        cwd: path.resolve(directory, resolver.plain(["cwd"], entry.cwd ?? ".")),
        env: Object.fromEntries(
          Object.entries(entry.env).map(([key, value]) => [key, resolver.secret(["env", key], value)])
        ),
        inheritsEnv: entry.inheritEnv ?? false
      },
      program: { ...(file === undefined ? {} : { file }), ...(runner === undefined ? {} : { runner }) }
    }
  }
  return {
    endpoint: {
      transport: entry.transport,
      url: resolver.plain(["url"], entry.url),
      headers: Object.fromEntries(
        Object.entries(entry.headers).map(([key, value]) => [key, resolver.secret(["headers", key], value)])
      ),
      auth:
        entry.auth === undefined || entry.auth === "none" ? entry.auth : authOf(entry.auth, resolver, path, directory)
    },
    program: {}
  }
}

/** Secrets, and what names the client: an id may stand in the environment as well. */
const authOf = (
  { assertionFile, clientId, clientSecret, privateKey, signingAlgorithm, ...rest }: Exclude<ServerAuth, "none">,
  resolver: Resolver,
  path: Path.Path,
  directory: string
): OAuthOptions => {
  const secret = (key: string, value: string) => {
    const resolved = resolver.secret(["auth", key], value)
    return typeof resolved === "string" ? Redacted.make(resolved) : resolved
  }
  return {
    ...rest,
    ...(assertionFile === undefined
      ? {}
      : { assertionFile: path.resolve(directory, resolver.plain(["auth", "assertionFile"], assertionFile)) }),
    ...(clientId === undefined ? {} : { clientId: resolver.plain(["auth", "clientId"], clientId) }),
    ...(clientSecret === undefined ? {} : { clientSecret: secret("clientSecret", clientSecret) }),
    ...(privateKey === undefined
      ? {}
      : { privateKey: { pem: secret("privateKey", privateKey), algorithm: signingAlgorithm ?? "ES256" } })
  }
}

/** The limits of one server: its own, else those of all. */
const limitsOf = (entry: ServerEntry, runtime: HostOptions["runtime"]) => ({
  connectTimeout: entry.connectTimeout ?? runtime.connectTimeout,
  idleTimeout: entry.idleTimeout ?? runtime.idleTimeout,
  callTimeout: entry.callTimeout ?? runtime.callTimeout,
  shutdownTimeout: entry.shutdownTimeout ?? runtime.shutdownTimeout,
  maxMessageBytes: entry.maxMessageBytes ?? runtime.maxMessageBytes,
  maxRequestBytes: entry.maxRequestBytes ?? runtime.maxRequestBytes
})

const restartOf = (entry: ServerEntry, { restart }: HostOptions["runtime"]): ManagedServer["restart"] => {
  const maxRestarts = entry.restart?.maxRestarts ?? restart.maxRestarts
  return {
    when: entry.restart?.policy ?? restart.policy,
    maxRestarts: maxRestarts === "unlimited" ? undefined : maxRestarts
  }
}

const breakerOf = (entry: ServerEntry, runtime: HostOptions["runtime"]): ManagedServer["breaker"] => {
  const { enabled, failures, openFor, probes, probeTimeout, successes } = { ...runtime.breaker, ...entry.breaker }
  if (!enabled) return "off"
  return { failureThreshold: failures, openFor, successThreshold: successes, maxProbes: probes, probeTimeout }
}

/** Where what a server says of one end contradicts what is said for all of the other, the server is right. */
const sessionsOf = (entry: ServerEntry, runtime: HostOptions["runtime"]): ManagedServer["sessions"] => {
  const merged = { ...runtime.sessions, ...entry.sessions }
  const { max, min } = merged
  return entry.sessions?.max === undefined
    ? { ...merged, max: Math.max(max, min) }
    : { ...merged, min: Math.min(max, min) }
}

/** A server of a configuration, reached as `started` says. */
export const managed = (
  name: string,
  entry: ServerEntry,
  runtime: HostOptions["runtime"],
  { endpoint, program }: Started
): ManagedServer => ({
  server: {
    name,
    endpoint,
    protocol: entry.protocol ?? "auto",
    ...limitsOf(entry, runtime)
  },
  isRequired: entry.required ?? false,
  isTrusted: entry.trusted ?? false,
  // Writes of a local server run one at a time: many official ones lose data otherwise.
  writes: entry.writes ?? (entry.transport === "stdio" ? "serial" : "parallel"),
  maxConcurrent: entry.maxConcurrentCalls ?? runtime.maxConcurrentCalls,
  health: { url: "", ...runtime.health, ...entry.health },
  restart: restartOf(entry, runtime),
  breaker: breakerOf(entry, runtime),
  sessions: sessionsOf(entry, runtime),
  requires: entry.transport === "stdio" ? requirementsOf(entry) : (entry.requires ?? {}),
  program,
  lacks: [],
  onStart: (entry.onStart ?? []).map(({ args = {}, tool }) => ({ tool, args })),
  tools: { ...managedDefaults.stdio.tools, ...entry.tools }
})

/** One server, and every variable that it needs and that is not set. */
export const resolveServer = Effect.fnUntraced(function* (
  config: LoadedConfig,
  environment: Environment,
  name: string,
  entry: ServerEntry
) {
  const resolver = makeResolver(name, environment, config.directory)
  const started = startedOf(entry, resolver, yield* Path.Path, config.directory)
  const { runtime, testing } = config.options
  const server = inTestMode(testing, managed(name, entry, runtime, started))
  // What is not reached needs no credentials.
  return { server, problems: testing.mocks ? [] : resolver.problems }
})

/** The enabled servers in the order of the file, and every variable that they need and that is not set. */
export const resolveServers = Effect.fnUntraced(function* (config: LoadedConfig, environment: Environment) {
  const enabled = Object.entries(config.options.servers).filter(([, entry]) => entry.enabled)
  const resolved = yield* Effect.forEach(enabled, ([name, entry]) => resolveServer(config, environment, name, entry))
  return {
    servers: resolved.map(({ server }) => server),
    problems: resolved.flatMap(({ problems }) => problems)
  }
})

/**
 * The enabled servers in the order of the file. One that refers to a variable that is not set says so when it is to
 * start, like any other that cannot; the others do not depend on it.
 */
export const managedServers = Effect.fnUntraced(function* (config: LoadedConfig, environment: Environment) {
  const enabled = Object.entries(config.options.servers).filter(([, entry]) => entry.enabled)
  return yield* Effect.forEach(enabled, ([name, entry]) =>
    Effect.map(resolveServer(config, environment, name, entry), ({ problems, server }): ManagedServer => {
      // The hint of the failure says what to do.
      const { file, problems: placed } = config.invalid(problems.map(({ message, path }) => ({ message, path })))
      return { ...server, lacks: placed.map((problem) => describeProblem(file, problem)) }
    })
  )
})
