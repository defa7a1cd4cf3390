/**
 * What a person sees who called the program wrongly: one sentence and where to read on, not the whole help.
 * With `--json` it is the envelope, as for every other failure.
 */
import { toOutcome, withCorrelationId } from "@signalbox/errors"
import { nearestName } from "@signalbox/model"
import { Effect } from "effect"
import { CliError, CliOutput, type HelpDoc } from "effect/cli"
import { InvalidUsage } from "./errors.ts"
import { renderError, renderOutcome } from "./Output.ts"
import { plainStyle } from "./render/style.ts"

/** Whether a flag that takes no value is among the arguments: known also where they could not be read, and for the help. */
export const isGiven = (args: ReadonlyArray<string>, flag: string): boolean => {
  const end = args.indexOf("--")
  return (end === -1 ? args : args.slice(0, end)).includes(flag)
}

/** Prints a failure that no command has told: it happened before one was running. */
export const tellFailure = (error: unknown, isJson: boolean): Effect.Effect<void> =>
  isJson
    ? toOutcome(Effect.fail(error)).pipe(
        withCorrelationId(),
        Effect.map((outcome) => void process.stdout.write(`${renderOutcome(outcome)}\n`))
      )
    : Effect.sync(() => void process.stderr.write(`${renderError(error, plainStyle)}\n`))

const missingCommand = (doc: HelpDoc.HelpDoc, command: string): InvalidUsage => {
  const names = (doc.subcommands ?? []).flatMap((group) => group.commands.map(({ name }) => name))
  return new InvalidUsage({ command, reason: `Name a command of ${command}: ${names.join(", ")}.` })
}

const isLetter = (option: string): boolean => /^-[^-]$/.test(option)

/** Without suggestions that have little in common with what was typed: Effect's own allow for two letters in any word. */
const withNearOnes = (error: CliError.CliError): CliError.CliError => {
  if (error._tag !== "UnknownSubcommand" && error._tag !== "UnrecognizedOption") return error
  const typed = error._tag === "UnknownSubcommand" ? error.subcommand : error.option
  // Any flag of one letter is near to any other, and may do what nobody wants.
  const suggestions = error.suggestions.filter((name) => !isLetter(typed) && nearestName(typed, [name]) !== undefined)
  return error._tag === "UnknownSubcommand"
    ? new CliError.UnknownSubcommand({ ...error, suggestions })
    : new CliError.UnrecognizedOption({ ...error, suggestions })
}

/** What is no flag of the command may be an argument of the tool. */
const asArgument = (error: CliError.CliError, command: string): string =>
  error._tag === "UnrecognizedOption" && isLetter(error.option) && command === "signalbox tools call"
    ? `${error.message}\nGive an argument of the tool with its value: ${error.option}=true, or '{"${error.option}":true}'.`
    : error.message

/** Shows help and the version as Effect does, and wrong usage in our own words. */
export const presenter = (isJson: boolean): CliOutput.Presenter => ({
  present: (event) => {
    if (event._tag === "Version" || (event._tag === "Help" && (event.reason === "Requested" || !isJson))) {
      return CliOutput.defaultPresenter.present(event)
    }
    const command = event.commandPath.join(" ")
    if (event._tag === "Help") return tellFailure(missingCommand(event.helpDoc, command), isJson)
    const reason = event.errors.map((error) => asArgument(withNearOnes(error), command)).join("\n")
    return tellFailure(new InvalidUsage({ command, reason }), isJson)
  }
})
