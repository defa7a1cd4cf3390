/**
 * The corpus of the Messages API against a running server: every request that clients were seen to send is answered
 * and means the same to the upstream, and the official client gets every answer, whole and streamed, as it gets it
 * from the upstream itself.
 */
import Anthropic from "@anthropic-ai/sdk"
import { isJsonObject, type JsonObject } from "@signalbox/model"
import { decodeRequest } from "@signalbox/provider-claude/serve"
import { EventWire, ReplyWire } from "@signalbox/provider-claude/wire"
import { Effect, Schema } from "effect"
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { isDeepStrictEqual } from "node:util"
import { type MessagesServer, type Recorded, startMessagesServer } from "./messagesServer.ts"
import { atLeast, none, type Proof } from "./Proof.ts"

/** Where it is. */
export const corpus = join(import.meta.dirname, "../../packages/providers/claude/test/corpus")

/** A request of the corpus: what a client sends. */
interface Entry {
  readonly headers: Readonly<Record<string, string>>
  readonly body: JsonObject
  /** Its messages as the upstream gets them, where they change. */
  readonly becomes?: unknown
}

type File = readonly [name: string, text: string]

const filesIn = async (folder: string): Promise<ReadonlyArray<File>> =>
  Promise.all((await readdir(folder)).map(async (name) => [name, await readFile(join(folder, name), "utf8")] as const))

/** What is wrong with each of them; nothing where all is well. */
const tryAll = async <A>(
  all: ReadonlyArray<readonly [name: string, A]>,
  attempt: (one: A) => Promise<string | undefined>
) => {
  const against: Array<string> = []
  for (const [name, one] of all) {
    const wrong = await attempt(one).catch(String)
    if (wrong !== undefined) against.push(`${name}: ${wrong}`)
  }
  return against
}

/** What is wrong with an answer by the schemas of the API. */
const wrongAnswer = (text: string, isStream: boolean): string | undefined => {
  if (!isStream) return Schema.is(ReplyWire)(JSON.parse(text)) ? undefined : "the answer is no message"
  const events = [...text.matchAll(/^data: (.*)$/gm)].map(([, data]): unknown => JSON.parse(data ?? ""))
  const last = events.at(-1)
  if (!events.every(Schema.is(EventWire))) return "an event is none of the API"
  return isJsonObject(last) && last["type"] === "message_stop" ? undefined : "the stream does not end"
}

/** What a model is told by a request. */
const meaningOf = async (body: unknown, headers: Entry["headers"]): Promise<string> => {
  const { request } = await Effect.runPromise(decodeRequest(body, headers))
  return JSON.stringify([request.system, request.messages, request.maxTokens])
}

const tryRequest = (server: MessagesServer, answer: Recorded) => async (text: string) => {
  const { becomes, body, headers } = JSON.parse(text) as Entry // Of the corpus.
  server.upstream.use(answer)
  const response = await fetch(`${server.url}/v1/messages`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body)
  })
  const said = await response.text()
  if (response.status !== 200) return `${response.status} ${said}`
  const seen = await meaningOf(server.upstream.bodies.at(-1), headers)
  const meant = await meaningOf({ ...body, messages: becomes ?? body["messages"] }, headers)
  return seen === meant ? wrongAnswer(said, body["stream"] === true) : `the upstream is asked something else: ${seen}`
}

/** Ids are the server's own, and it says the model that the client named. */
const shown = ({ id: _id, model: _model, ...message }: Anthropic.Beta.BetaMessage) => message

const ask = async (baseURL: string, isStreamed: boolean) => {
  // Outside its beta it does not know all that the API answers.
  const { messages } = new Anthropic({ baseURL, apiKey: "any", maxRetries: 0 }).beta
  const tools = ["a", "b"].map((name) => ({ name, input_schema: { type: "object" as const } }))
  const request = { model: "claude-any", max_tokens: 100, messages: [{ role: "user" as const, content: "Go" }], tools }
  return shown(isStreamed ? await messages.stream(request).finalMessage() : await messages.create(request))
}

/** A pause of the API is gone on from here: what follows is part of the same answer. */
const isSame = (here: ReturnType<typeof shown>, there: ReturnType<typeof shown>): boolean =>
  there.stop_reason === "pause_turn"
    ? here.stop_reason === "end_turn" && isDeepStrictEqual(here.content.slice(0, there.content.length), there.content)
    : isDeepStrictEqual(here, there)

const tryAnswer = (server: MessagesServer, plain: Recorded, isStreamed: boolean) => async (recorded: Recorded) => {
  server.upstream.use(recorded)
  const there = await ask(server.upstream.url, isStreamed)
  server.upstream.use(recorded, plain)
  const here = await ask(server.url, isStreamed)
  return isSame(here, there) ? undefined : `${JSON.stringify(here)} instead of ${JSON.stringify(there)}`
}

/** The servers that requests name: they have to be configured. */
const serversIn = (requests: ReadonlyArray<File>): ReadonlyArray<string> => {
  const named = requests.flatMap(([, text]) => {
    const { mcp_servers } = (JSON.parse(text) as Entry).body // Of the corpus.
    return (Array.isArray(mcp_servers) ? mcp_servers : []).filter(isJsonObject).map(({ name }) => String(name))
  })
  return [...new Set(named)]
}

const nameOf = (file: string): string => file.replace(/\.\w+$/, "")

/** A corpus that is tried. */
export const messagesProofOf = (folder: string): Proof => ({
  description: "the corpus of the Messages API against a running server",
  limitSeconds: 120,
  run: Effect.fnUntraced(function* ({ say }) {
    const [requests = [], replies = [], sse = []] = yield* Effect.promise(() =>
      Promise.all(["requests", "replies", "streams"].map((name) => filesIn(join(folder, name))))
    )
    const streams = new Map(sse.map(([file, text]) => [nameOf(file), text]))
    const answers = replies.map(
      ([file, whole]) => [nameOf(file), { whole, stream: streams.get(nameOf(file)) ?? "" }] as const
    )
    const plain = new Map(answers).get("text") ?? { whole: "", stream: "" }
    const server = yield* startMessagesServer(serversIn(requests))
    const found = yield* Effect.promise(async () => [
      await tryAll(requests, tryRequest(server, plain)),
      await tryAll(answers, tryAnswer(server, plain, false)),
      await tryAll(answers, tryAnswer(server, plain, true))
    ])
    const total = requests.length + 2 * answers.length
    const passed = total - found.flat().length
    say(`${passed}/${total}`)
    const [unlike = [], whole = [], streamed = []] = found
    return {
      claims: [
        none("requests that are not answered, or said otherwise to the upstream", unlike, requests.length),
        none("answers that the official client gets otherwise", whole, answers.length),
        none("streams that the official client gets otherwise", streamed, answers.length),
        atLeast("tries", total, 1, folder)
      ],
      numbers: { passed, total }
    }
  })
})

/** What is in this repository. */
export const messagesProof = messagesProofOf(corpus)
