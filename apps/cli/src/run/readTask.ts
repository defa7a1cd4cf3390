/**
 * What a run is to do: the words of the command line, and a file or standard input behind them.
 */
import { Effect, Option } from "effect"
import { text } from "node:stream/consumers"
import { InvalidUsage } from "../errors.ts"
import { readNamedFile } from "../readNamedFile.ts"
import { Setting } from "../Setting.ts"

const invalid = (reason: string) => new InvalidUsage({ command: "signalbox run", reason })

const standardInput = Effect.promise(() => text(process.stdin))

const readInput = (input: string) => (input === "-" ? standardInput : readNamedFile(input))

/** The text to send. Without words and without a file it is standard input, unless that is a terminal. */
export const readTask = Effect.fnUntraced(function* (words: ReadonlyArray<string>, input: Option.Option<string>) {
  const { isTerminal } = yield* Setting
  const prompt = words.join(" ").trim()
  const source = Option.isSome(input) ? input.value : prompt === "" && !isTerminal.stdin ? "-" : undefined
  const given = source === undefined ? "" : (yield* readInput(source)).trim()
  const task = [prompt, given].filter((part) => part !== "").join("\n\n")
  if (task === "")
    return yield* invalid("There is nothing to do: give it a prompt, or --input FILE (- for standard input).")
  return task
})
