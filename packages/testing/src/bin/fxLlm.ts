#!/usr/bin/env node
/** The process `fx-llm`: reads its flags, starts the upstream, prints `{"url":…,"pid":…}`, serves until a signal or, if asked, end of input. */
import { readFileSync } from "node:fs"
import { parseArgs } from "node:util"
import type { WhenExhausted } from "../llm/chooseReply.ts"
import { type FxLlmOptions, startFxLlm } from "../llm/FxLlm.ts"
import type { Script } from "../llm/script.ts"

const help = `fx-llm: a model upstream that answers from a script and records what it was asked.

  fx-llm --port 4010 --script replies.json --log requests.jsonl

  --port N                Port on 127.0.0.1 (default 0 = any; the chosen URL is printed as one JSON line)
  --script FILE           JSON: one reply, or a list of replies and rules (default: echoes the user)
  --reply TEXT            Instead of --script: answers every request with this text
  --when-exhausted WHAT   When no rule matches and all replies are used: fail (400, default), echo, repeat
  --log FILE              Appends one JSON line per request and per end of a request
  --models A,B            What /v1/models lists (default fx-model)
  --exit-on-eof           Exits when stdin ends

Routes: POST …/v1/messages (and /count_tokens), POST …/v1/chat/completions, GET …/v1/models, each also below /api.
A reply: {"text","thinking","toolCalls":[{"name","input"}],"blocks","stopReason","usage","chunks","delayMs",
"firstByteDelayMs","headers","fault":{"kind":"status","status":529,"retryAfter":1}}. Fault kinds: status, reset, stall,
broken_chunk, malformed, oversized, early_end, error_event, empty, html; with "afterPieces" in the middle of a stream.
A rule: {"when":{"lastUserTextContains","hasToolResults","nth",…},"reply":{…} or [{…}],"times"}.
Texts may hold {{lastUserText}}, {{lastToolResult}}, {{toolResults}}, {{model}}, {{n}}.
`

const main = async (args: Array<string>): Promise<void> => {
  const flags = readFlags(args)
  if (flags.help) return void process.stdout.write(help)
  const fxLlm = await startFxLlm(optionsOf(flags))
  process.stdout.write(`${JSON.stringify({ url: fxLlm.url, pid: process.pid })}\n`)
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(0))
  if (flags["exit-on-eof"]) process.stdin.on("end", () => process.exit(0)).resume()
}

const readFlags = (args: Array<string>) =>
  parseArgs({
    args,
    options: {
      port: { type: "string", default: "0" },
      script: { type: "string" },
      reply: { type: "string" },
      "when-exhausted": { type: "string", default: "fail" },
      log: { type: "string" },
      models: { type: "string" },
      "exit-on-eof": { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false }
    }
  }).values

type Flags = ReturnType<typeof readFlags>

const optionsOf = (flags: Flags): FxLlmOptions => {
  const whenExhausted = flags["when-exhausted"]
  if (!isWhenExhausted(whenExhausted)) throw new Error(`--when-exhausted must be fail, echo or repeat.`)
  if (!/^\d+$/.test(flags.port)) throw new Error(`--port needs a whole number, not "${flags.port}".`)
  const script = scriptOf(flags)
  return {
    port: Number(flags.port),
    whenExhausted,
    ...(script === undefined ? {} : { script }),
    ...(flags.log === undefined ? {} : { logFile: flags.log }),
    ...(flags.models === undefined ? {} : { models: flags.models.split(",") })
  }
}

/** A script is read even where a reply replaces it, so that a wrong file never goes unnoticed. */
const scriptOf = ({ reply, script }: Flags): Script | undefined => {
  const read = script === undefined ? undefined : readScript(script)
  return reply === undefined ? read : { text: reply }
}

const isWhenExhausted = (word: string): word is WhenExhausted => ["fail", "echo", "repeat"].includes(word)

const readScript = (file: string): Script => {
  const script: unknown = JSON.parse(readFileSync(file, "utf8"))
  if (typeof script !== "object" || script === null)
    throw new Error(`${file} must hold a reply, or a list of replies and rules.`)
  // What a reply may hold is read leniently: unknown fields change nothing.
  return script
}

main(process.argv.slice(2)).catch((cause: unknown) => {
  process.stderr.write(`fx-llm: ${cause instanceof Error ? cause.message : String(cause)} See fx-llm --help.\n`)
  process.exitCode = 2
})
