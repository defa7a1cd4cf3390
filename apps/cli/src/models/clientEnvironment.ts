/**
 * The variables that point coding agents at a running `signalbox serve`, as a shell reads them.
 */
import { Effect } from "effect"
import { Output } from "../Output.ts"
import { report } from "../report.ts"
import { readConfig } from "../withHost.ts"

/** What one program reads. `base` is the address of the server, `key` what it is let in by. */
type Variables = (base: string, key: string) => Readonly<Record<string, string>>

/** The programs that are known, and their variables. */
export const clientVariables = {
  /** Claude Code, and everything on Anthropic's SDKs. */
  claude: (base, key) => ({ ANTHROPIC_BASE_URL: base, ANTHROPIC_API_KEY: key }),
  /** Codex, and everything on OpenAI's SDKs. */
  codex: (base, key) => ({ OPENAI_BASE_URL: `${base}/v1`, OPENAI_API_KEY: key }),
  /** opencode reads the variables of Anthropic's provider, whose base URL has the version in it. */
  opencode: (base, key) => ({ ANTHROPIC_BASE_URL: `${base}/v1`, ANTHROPIC_API_KEY: key })
} as const satisfies Readonly<Record<string, Variables>>

/** Within single quotes a shell takes everything as it is, but for them. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** Prints the variables, to be read by `eval`. A key that is a secret is not printed: its variable is named. */
export const clientEnvironment = (client: keyof typeof clientVariables, url: string | undefined) =>
  Effect.gen(function* () {
    const { options } = yield* readConfig([], "preset")
    const { auth, host, port } = options.server
    const address = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host
    const base = (url ?? `http://${address.includes(":") ? `[${address}]` : address}:${port}`).replace(/\/+$/, "")
    // Clients want some key even where nobody asks for one.
    return { variables: clientVariables[client](base, "signalbox"), needsKey: auth.mode !== "none" }
  }).pipe(
    report({
      json: ({ variables }) => variables,
      render: ({ needsKey, variables }) =>
        Effect.gen(function* () {
          const { errorStyle, line, status } = yield* Output
          for (const [name, value] of Object.entries(variables)) yield* line(`export ${name}=${quoted(value)}`)
          if (needsKey) {
            yield* status(
              `${errorStyle.yellow("!")} The server asks for a key: set the variable to one of server.auth.keys.`
            )
          }
        })
    })
  )
