/**
 * The built-in tools of fx-mcp. Annotations tell the truth, so that a host may rely on them in tests: what is read-only
 * changes nothing, and `write` records how many writes ran at the same time.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { asObject, asText, errorCode, type Json, RpcError } from "./protocol.ts"

/** What a server may ask its client during a call. */
export type Question = "elicitation" | "url" | "sampling" | "roots" | "ping"

/** What a running tool may do. */
export interface ToolContext {
  /** Aborted when the client cancels the call. */
  readonly signal: AbortSignal
  readonly progress: (progress: number, total: number) => void
  readonly ask: (question: Question) => Promise<unknown>
  /** Sends a log message, unless the client does not want any. */
  readonly say: (level: string, data: unknown) => void
  /** Adds the tool `added` and tells the clients that the list changed. */
  readonly addTool: () => void
  /** Tells the clients that the prompts or the resources changed, or one resource did. */
  readonly announce: (what: "prompts" | "resources" | { readonly uri: string }) => void
  /** Logs the end of the process and dies. */
  readonly die: (signal: NodeJS.Signals) => void
}

/** A tool as it is listed, and what it does. */
export interface Tool {
  readonly name: string
  readonly description: string
  readonly inputSchema: Json
  readonly outputSchema?: Json
  readonly annotations: Json
  readonly run: (input: Json, context: ToolContext) => Promise<Json>
}

/** A result with one text. */
const textResult = (text: string, more: Json = {}): Json => ({ content: [{ type: "text", text }], ...more })

/** All tools that `--tools` can name. */
export const builtInTools: ReadonlyArray<Tool> = [
  tool("echo", "Answers the text it was given.", { text: "string" }, readOnly(), (input) =>
    textResult(asText(input["text"]))
  ),
  {
    ...tool("add", "Adds two numbers.", { a: "number", b: "number" }, readOnly(), (input) => {
      const sum = numberOf(input, "a") + numberOf(input, "b")
      return textResult(String(sum), { structuredContent: { sum } })
    }),
    outputSchema: { type: "object", properties: { sum: { type: "number" } }, required: ["sum"] }
  },
  tool("get_server_status", "Says that the mock server runs (after 0.1 s).", {}, readOnly(), async (_, context) => {
    await wait(100, context)
    return structured({ status: "online", uptime_seconds: Math.round(process.uptime()), pid: process.pid })
  }),
  tool(
    "fetch_mock_data",
    "Answers a mock record (after delay_seconds, default 0.5).",
    { data_id: "string", "delay_seconds?": "number" },
    readOnly(),
    async (input, context) => {
      const delay = await mockDelay(input, context)
      const id = asText(input["data_id"])
      return structured({ id, content: `Mock data for ${id}`, delay_seconds: delay })
    }
  ),
  tool(
    "execute_mock_action",
    "Pretends to act (after delay_seconds, default 0.5).",
    { action_name: "string", "params?": "object", "delay_seconds?": "number" },
    { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
    async (input, context) => {
      const delay = await mockDelay(input, context)
      const action = asText(input["action_name"])
      return structured({ status: "completed", action, params: asObject(input["params"]), delay_seconds: delay })
    }
  ),
  tool(
    "sleep",
    "Waits so many milliseconds; can be cancelled.",
    { milliseconds: "number" },
    readOnly(),
    async (input, context) => {
      const milliseconds = numberOf(input, "milliseconds")
      await wait(milliseconds, context)
      return textResult(`slept ${milliseconds} ms`)
    }
  ),
  tool(
    "busy",
    "Keeps the processor busy so many milliseconds; the server hears and says nothing meanwhile.",
    { milliseconds: "number" },
    readOnly(),
    (input) => {
      const milliseconds = numberOf(input, "milliseconds")
      const end = performance.now() + milliseconds
      while (performance.now() < end);
      return textResult(`busy for ${milliseconds} ms`)
    }
  ),
  tool(
    "write",
    "Keeps a value; takes 10 ms (or milliseconds) and reports the writes that overlapped it.",
    { key: "string", value: "string", "milliseconds?": "number" },
    { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
    write()
  ),
  tool("env", "Answers its environment variables.", {}, readOnly(), () => structured({ ...process.env })),
  tool("cwd", "Answers its working directory.", {}, readOnly(), () => textResult(process.cwd())),
  tool(
    "kill_self",
    "Ends the server by a signal (default SIGKILL) without an answer.",
    { "signal?": "string" },
    { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
    (input, context) => {
      // An unknown name makes `process.kill` fail, which is answered as an error.
      context.die(asText(input["signal"], "SIGKILL") as NodeJS.Signals)
      return textResult("dying")
    }
  ),
  tool("mixed", "Answers text, an image, a resource and a link.", {}, readOnly(), () => ({
    content: [
      { type: "text", text: "A red pixel:" },
      { type: "image", data: redPixelPng, mimeType: "image/png" },
      { type: "resource", resource: { uri: "fx://status", mimeType: "text/plain", text: "online" } },
      { type: "resource_link", uri: "fx://item/1", name: "item 1" }
    ]
  })),
  tool("fail", "Answers a result with isError.", { "text?": "string" }, readOnly(), (input) =>
    textResult(asText(input["text"], "failed on purpose"), { isError: true })
  ),
  tool(
    "ask",
    "Asks the client back (elicitation, url, sampling, roots or ping) and answers what it said.",
    { question: "string" },
    readOnly(),
    async (input, context) => {
      const question = asText(input["question"])
      if (!isQuestion(question)) throw new RpcError(errorCode.invalidParams, `There is no question "${question}".`)
      return textResult(JSON.stringify(await context.ask(question)))
    }
  ),
  tool(
    "touch",
    "Says that a resource has changed or, without one, that the lists of prompts and resources have.",
    { "uri?": "string" },
    { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    (input, context) => {
      if (typeof input["uri"] === "string") context.announce({ uri: input["uri"] })
      else for (const what of ["prompts", "resources"] as const) context.announce(what)
      return textResult("announced")
    }
  ),
  tool(
    "log",
    "Sends a log message with this text, and answers.",
    { text: "string", "level?": "string" },
    readOnly(),
    (input, context) => {
      context.say(asText(input["level"], "info"), asText(input["text"]))
      return textResult("logged")
    }
  ),
  tool(
    "progress",
    "Sends so many progress notifications, 5 ms apart.",
    { steps: "number" },
    readOnly(),
    async (input, context) => {
      const steps = numberOf(input, "steps")
      for (let step = 1; step <= steps; step++) {
        context.progress(step, steps)
        // oxlint-disable-next-line no-await-in-loop -- one step after another
        await wait(5, context)
      }
      return textResult(`${steps} steps`)
    }
  ),
  tool(
    "add_tool",
    "Adds the tool `added` and sends tools/list_changed.",
    // By which a test tells its calls apart in the log.
    { "call?": "string" },
    { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    (_, context) => {
      context.addTool()
      return textResult("added")
    }
  )
]

/** Narrows a word to a question. */
const isQuestion = (word: string): word is Question =>
  ["elicitation", "url", "sampling", "roots", "ping"].includes(word)

/** A tool that `--tools N` generates: answers its own name. */
export const generatedTool = (name: string, description = `Generated tool ${name}.`): Tool =>
  tool(name, description, { "text?": "string" }, readOnly(), (input) => textResult(`${name}:${asText(input["text"])}`))

/** Waits; a cancelled call ends at once. */
export const wait = (milliseconds: number, context: { readonly signal: AbortSignal }): Promise<void> =>
  sleep(milliseconds, undefined, { signal: context.signal })

/** Fields are `name: type`; a name with `?` is optional. */
function tool(
  name: string,
  description: string,
  fields: Readonly<Record<string, string>>,
  annotations: Json,
  run: (input: Json, context: ToolContext) => Json | Promise<Json>
): Tool {
  const entries = Object.entries(fields)
  return {
    name,
    description,
    inputSchema: {
      type: "object",
      properties: Object.fromEntries(entries.map(([key, type]) => [key.replace("?", ""), { type }])),
      required: entries.map(([key]) => key).filter((key) => !key.endsWith("?")),
      additionalProperties: false
    },
    annotations,
    run: async (input, context) => run(input, context)
  }
}

function readOnly(): Json {
  return { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false }
}

function structured(value: Json): Json {
  return textResult(JSON.stringify(value), { structuredContent: value })
}

function numberOf(input: Json, key: string): number {
  const value = input[key]
  if (typeof value !== "number") throw new RpcError(errorCode.invalidParams, `"${key}" must be a number.`)
  return value
}

async function mockDelay(input: Json, context: ToolContext): Promise<number> {
  const given = input["delay_seconds"]
  const seconds = typeof given === "number" && Number.isFinite(given) && given >= 0 ? given : 0.5
  await wait(seconds * 1000, context)
  return seconds
}

function write() {
  const values = new Map<string, string>()
  let active = 0
  let mostAtOnce = 0
  return async (input: Json, context: ToolContext): Promise<Json> => {
    const key = String(input["key"])
    values.set(key, String(input["value"]))
    active += 1
    mostAtOnce = Math.max(mostAtOnce, active)
    try {
      await wait(typeof input["milliseconds"] === "number" ? input["milliseconds"] : 10, context)
      return structured({ key, value: values.get(key), keys: values.size, most_at_once: mostAtOnce })
    } finally {
      active -= 1
    }
  }
}

export const redPixelPng =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
