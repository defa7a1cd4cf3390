/**
 * A small host on `@signalbox/mcp`, for the conformance suite to watch: it connects, reads every list, calls every
 * tool, answers what it is asked and logs in where it must. The address of the server is the last argument.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import {
  connect,
  type JsonObject,
  layerTokenMemory,
  type McpTool,
  type OAuthOptions,
  type Questions,
  type Respondent,
  serverDefaults,
  type ServerOptions
} from "@signalbox/mcp"
import { type AuthorizationPrompt, authorizing } from "@signalbox/mcp/login"
import { Duration, Effect, Schema } from "effect"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

const { MCP_CONFORMANCE_CONTEXT, MCP_CONFORMANCE_PROTOCOL_VERSION, MCP_CONFORMANCE_SCENARIO } = process.env

const questions: Questions = { elicitation: ["form", "url"], sampling: true, roots: [{ uri: "file:///work" }] }

/** Says yes to everything, with what the schema takes for granted. */
const respondent: Respondent = {
  id: "conformance",
  elicit: () => Effect.succeed({ action: "accept", content: {} }),
  sample: () => Effect.succeed({ model: "none", content: [{ type: "text", text: "Yes." }], stopReason: "endTurn" })
}

/** What the suite prescribes for some scenarios: arguments of tools, and clients that were registered beforehand. */
const Context = Schema.Struct({
  toolCalls: Schema.optionalKey(
    Schema.Array(Schema.Struct({ name: Schema.String, arguments: Schema.Record(Schema.String, Schema.Unknown) }))
  ),
  client_id: Schema.optionalKey(Schema.String),
  client_secret: Schema.optionalKey(Schema.RedactedFromValue(Schema.String)),
  private_key_pem: Schema.optionalKey(Schema.RedactedFromValue(Schema.String)),
  signing_algorithm: Schema.optionalKey(Schema.String),
  valid_jwt: Schema.optionalKey(Schema.String)
})
const context = Schema.decodeSync(Schema.fromJsonString(Context))(MCP_CONFORMANCE_CONTEXT ?? "{}")
const prescribed = context.toolCalls

/** A platform writes the assertion of a workload into a file. */
const folder = await mkdtemp(join(tmpdir(), "signalbox-conformance-client-"))
const assertionFile = join(folder, "assertion")
if (context.valid_jwt !== undefined) await writeFile(assertionFile, context.valid_jwt)

const grantFor = (scenario: string): NonNullable<OAuthOptions["grant"]> => {
  if (scenario === "auth/wif-jwt-bearer") return "jwt_bearer"
  return scenario.startsWith("auth/client-credentials") ? "client_credentials" : "authorization_code"
}

/** What a configuration would say. The document is the one that the suite expects; nobody fetches it. */
const auth: OAuthOptions = {
  grant: grantFor(MCP_CONFORMANCE_SCENARIO ?? ""),
  assertionFile,
  clientId: context.client_id,
  clientSecret: context.client_secret,
  clientMetadataUrl: "https://conformance-test.local/client-metadata.json",
  privateKey:
    context.private_key_pem === undefined
      ? undefined
      : { pem: context.private_key_pem, algorithm: context.signing_algorithm ?? "ES256" }
}

/** The authorization servers of the suite agree to everything, and redirect at once. */
const prompt: AuthorizationPrompt = {
  redirectUrl: "http://127.0.0.1:41999/callback",
  ask: (url) =>
    Effect.promise(() => fetch(url, { redirect: "manual" })).pipe(
      Effect.map((response) => new URL(response.headers.get("location") ?? "", url).searchParams)
    )
}

const samples: Readonly<Record<string, unknown>> = {
  number: 2,
  integer: 2,
  boolean: true,
  array: [],
  object: {},
  null: null
}

const inputFor = ({ inputSchema }: McpTool): Readonly<Record<string, unknown>> => {
  const { properties } = inputSchema
  const entries = typeof properties === "object" && properties !== null ? Object.entries(properties) : []
  return Object.fromEntries(entries.map(([name, schema]) => [name, samples[String(schema?.type)] ?? "text"]))
}

const server = (url: string): ServerOptions => ({
  ...serverDefaults,
  name: "suite",
  endpoint: { transport: "http", url, headers: {}, auth },
  // As a host would: the newest revision is found out, not assumed.
  protocol: MCP_CONFORMANCE_PROTOCOL_VERSION === "2026-07-28" ? "auto" : "legacy",
  connectTimeout: Duration.seconds(10),
  callTimeout: Duration.seconds(20)
})

const program = Effect.gen(function* () {
  const options = server(process.argv.at(-1) ?? "")
  const loggedIn = authorizing(options, prompt)
  const client = yield* loggedIn(connect(options, questions))
  const { tools } = yield* loggedIn(client.listTools)
  const schemaOf = (name: string) => tools.find((tool) => tool.name === name)?.inputSchema
  // One scenario wants to see what we made of the schema of another tool.
  const special: Readonly<Record<string, () => JsonObject>> = {
    json_schema_echo: () => ({ schema: schemaOf("json_schema_2020_12_tool") })
  }
  const calls =
    prescribed ?? tools.map((tool) => ({ name: tool.name, arguments: special[tool.name]?.() ?? inputFor(tool) }))
  for (const { arguments: input, name } of calls) {
    // What a tool answers is not the question here; the suite looks at what was sent.
    yield* Effect.ignore(loggedIn(client.callTool({ name, input, respondent })))
  }
  for (const { name } of (yield* client.prompts.list).items) {
    yield* Effect.ignore(client.prompts.get({ name, respondent }))
  }
  for (const { uri } of (yield* client.resources.list).items) {
    yield* Effect.ignore(client.resources.read({ uri, respondent }))
  }
}).pipe(Effect.scoped, Effect.provide([NodeServices.layer, layerTokenMemory]))

await Effect.runPromise(program).finally(() => rm(folder, { recursive: true, force: true }))
