/**
 * The servers of a configuration as the orchestrator wants them: references resolved, paths absolute,
 * limits filled in from `runtime`.
 */
import { type MaybeSecret, type OAuthOptions, type ServerOptions } from "@signalbox/mcp"
import { managedDefaults, type ManagedServer } from "@signalbox/orchestrator"
import { Effect, Path, Redacted } from "effect"
import { type LoadedConfig } from "./config/ConfigFile.ts"
import { type HostOptions, type ServerEntry } from "./config/HostOptions.ts"
import { type FoundProblem } from "./config/layers.ts"
import { type ServerAuth } from "./config/ServerAuth.ts"
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

const endpointOf = (
  entry: ServerEntry,
  resolver: Resolver,
  path: Path.Path,
  directory: string
): ServerOptions["endpoint"] =>
  entry.transport === "stdio"
    ? {
        transport: "stdio",
        command: commandOf(resolver.plain(["command"], entry.command), path, directory),
        args: entry.args.map((argument, index) => resolver.plain(["args", index], argument)),
        cwd: path.resolve(directory, resolver.plain(["cwd"], entry.cwd ?? ".")),
        env: Object.fromEntries(
          Object.entries(entry.env).map(([key, value]) => [key, resolver.secret(["env", key], value)])
        ),
        inheritsEnv: entry.inheritEnv ?? false
      }
    : {
        transport: entry.transport,
        url: resolver.plain(["url"], entry.url),
        headers: Object.fromEntries(
          Object.entries(entry.headers).map(([key, value]) => [key, resolver.secret(["headers", key], value)])
        ),
        auth:
          entry.auth === undefined || entry.auth === "none" ? entry.auth : authOf(entry.auth, resolver, path, directory)
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

const managed = (
  name: string,
  entry: ServerEntry,
  runtime: HostOptions["runtime"],
  endpoint: ServerOptions["endpoint"]
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
  requires: entry.requires ?? {},
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
  const endpoint = endpointOf(entry, resolver, yield* Path.Path, config.directory)
  const { runtime, testing } = config.options
  const server = inTestMode(testing, managed(name, entry, runtime, endpoint))
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
      const { file, problems: placed } = config.invalid(problems)
      // The hint of the failure says what to do.
      return { ...server, lacks: placed.map(({ suggestion: _, ...problem }) => describeProblem(file, problem)) }
    })
  )
})
