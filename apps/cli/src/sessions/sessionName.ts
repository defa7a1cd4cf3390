/** Names under which conversations are kept, as people may type them. What a store already holds may be longer. */
import { Context, Effect } from "effect"
import { CliError, Flag } from "effect/cli"
import { oneLine } from "../render/style.ts"

/** More than a line of a terminal is a text, most likely one that was meant for the model. */
const longest = 128

/** As much of a name as a table or a sentence has room for. */
export const shortName = (name: string): string => oneLine(name, 40)

const isName = (text: string): boolean =>
  text.trim() !== "" && Array.from(text).length <= longest && !/\p{Cc}/u.test(text)

/** Whether the name was found in the store, and not typed: then it is right, whatever it is. */
export const IsFoundName = Context.Reference<boolean>("signalbox/IsFoundName", { defaultValue: () => false })

/** A flag for the name of a conversation that may be new. */
export const sessionNameFlag = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withMetavar(metavar),
    Flag.withDescription(description),
    Flag.mapEffect(
      Effect.fnUntraced(function* (text: string) {
        if (isName(text) || (yield* IsFoundName)) return text
        const expected = `a name of 1 to ${longest} characters on one line, not only blanks`
        return yield* new CliError.InvalidValue({ option: name, value: shortName(text), expected, kind: "flag" })
      })
    ),
    Flag.optional
  )
