/**
 * What points coding agents at a running `signalbox serve`, as a shell reads it: variables, and where an agent heeds none,
 * a function of its name that starts it with the right arguments.
 */
import type { LoadedConfig } from "@signalbox/host"
import { controlPlace, findHost, NoRunningHost } from "@signalbox/server/control"
import { Effect } from "effect"
import { Output } from "../Output.ts"
import { report } from "../report.ts"
import { readConfig } from "../withHost.ts"

/** What one program wants. */
interface ClientSetup {
  readonly variables: Readonly<Record<string, string>>
  /** Programs that have to be started with arguments, which come before all others. */
  readonly commands?: Readonly<Record<string, ReadonlyArray<string>>>
}

/** `base` is the address of the server, `key` what it is let in by. */
type Setup = (base: string, key: string) => ClientSetup

/** A provider of Codex's configuration, which is TOML; a text of JSON is one of TOML. */
const codexProvider = (base: string): string =>
  `{ name = "Signalbox", base_url = ${JSON.stringify(`${base}/v1`)}, env_key = "OPENAI_API_KEY", wire_api = "responses" }`

/** The programs that are known, and what they want. */
export const clientSetups = {
  /** Claude Code, and everything on Anthropic's SDKs. */
  claude: (base, key) => ({ variables: { ANTHROPIC_BASE_URL: base, ANTHROPIC_API_KEY: key } }),
  /** The variables are for OpenAI's SDKs. Codex reads the address from its configuration alone. */
  codex: (base, key) => ({
    variables: { OPENAI_BASE_URL: `${base}/v1`, OPENAI_API_KEY: key },
    commands: {
      codex: ["-c", 'model_provider="signalbox"', "-c", `model_providers.signalbox=${codexProvider(base)}`]
    }
  }),
  /** opencode reads the variables of Anthropic's provider, whose base URL has the version in it. */
  opencode: (base, key) => ({ variables: { ANTHROPIC_BASE_URL: `${base}/v1`, ANTHROPIC_API_KEY: key } })
} as const satisfies Readonly<Record<string, Setup>>

/** Within single quotes a shell takes everything as it is, but for them. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** All that a shell has to read, a line each. */
const shellLines = ({ commands = {}, variables }: ClientSetup): ReadonlyArray<string> => [
  ...Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}`),
  ...Object.entries(commands).map(
    ([name, words]) => `${name}() { command ${name} ${words.map(quoted).join(" ")} "$@"; }`
  )
]

/** An address that is listened at on every network is reached on this machine, too. */
const reachable = (host: string): string =>
  host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host

/** Where the server that runs listens, which its flags may have said; else where the configuration has it listen. */
const findAddress = Effect.fnUntraced(function* ({ file = "", options }: LoadedConfig) {
  const { host, port } = options.server
  const place = yield* controlPlace(file, process.env)
  const { url } = { url: null, ...(yield* findHost(place)) }
  if (url !== null) {
    const { hostname, port: found } = new URL(url)
    return `http://${reachable(hostname.replace(/^\[|\]$/g, ""))}:${found}`
  }
  // The system chooses the port when it starts.
  return port === 0 ? yield* new NoRunningHost({ configFile: place.configFile }) : `http://${reachable(host)}:${port}`
})

/** Prints what `eval` reads. A key that is a secret is not printed: its variable is named. */
export const clientEnvironment = (client: keyof typeof clientSetups, url: string | undefined) =>
  Effect.gen(function* () {
    const config = yield* readConfig([], "preset")
    const base = (url ?? (yield* findAddress(config))).replace(/\/+$/, "")
    // Clients want some key even where nobody asks for one.
    const setup: ClientSetup = clientSetups[client](base, "signalbox")
    return { setup, mode: config.options.server.auth.mode }
  }).pipe(
    report({
      json: ({ setup: { commands = {}, variables } }) => ({ variables, commands }),
      render: ({ mode, setup }) =>
        Effect.gen(function* () {
          const { errorStyle, line, status } = yield* Output
          yield* Effect.forEach(shellLines(setup), line)
          if (mode === "none") return
          const key = mode === "keys" ? "one of server.auth.keys" : "your own key for the provider, which is handed on"
          const variable = Object.keys(setup.variables).filter((name) => name.endsWith("_API_KEY"))
          yield* status(`${errorStyle.yellow("!")} The server asks for a key: set ${variable.join(", ")} to ${key}.`)
        })
    })
  )
