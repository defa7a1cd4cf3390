/**
 * What was typed at the prompt, kept for the next chat. It is a convenience: what cannot be read or written is left out.
 * What looks like a secret is not kept, nor is what begins with a blank, as shells do it.
 */
import { redact } from "@signalbox/errors"
import { Effect, FileSystem, Path, Schema } from "effect"

/** So many messages are kept, the newest; the file is shortened to these once it has twice as many. */
const kept = 500

/** A longer one is no line that somebody wants to have back. */
const longest = 4_000

const LineJson = Schema.fromJsonString(Schema.String)

const isKept = (message: string): boolean =>
  message.trim() !== "" && !message.startsWith(" ") && message.length <= longest && redact(message) === message

const read = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  const text = yield* fs.readFileString(file)
  return text.split("\n").flatMap((line) => {
    const message = Schema.decodeUnknownOption(LineJson)(line)
    return message._tag === "Some" ? [message.value] : []
  })
})

/** The history of a prompt in a file of this folder. */
export interface PromptHistory {
  /** The newest first. */
  readonly messages: ReadonlyArray<string>
  readonly add: (message: string) => Effect.Effect<void>
}

/** Nothing is kept. */
export const noHistory: PromptHistory = { messages: [], add: () => Effect.void }

/** Opens it. */
export const openHistory = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const file = path.join(folder, "prompt.history")
  const write = (messages: ReadonlyArray<string>, flag: "a" | "w") =>
    fs.writeFileString(file, messages.map((message) => `${JSON.stringify(message)}\n`).join(""), { flag, mode: 0o600 })
  const messages = yield* Effect.orElseSucceed(read(file), (): Array<string> => [])
  // Then it is shortened the next time.
  if (messages.length > 2 * kept) yield* Effect.ignore(write(messages.slice(-kept), "w"))
  return {
    messages: messages.slice(-kept).toReversed(),
    add: (message) =>
      isKept(message)
        ? // Nobody is kept from talking because a line cannot be kept.
          Effect.ignore(
            Effect.andThen(fs.makeDirectory(folder, { recursive: true, mode: 0o700 }), write([message], "a"))
          )
        : Effect.void
  } satisfies PromptHistory
})
