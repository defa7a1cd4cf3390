/**
 * Which servers a command is about: named, of a type, all, or chosen from a list by a person at a terminal. Without a
 * terminal nothing is asked, because a script would wait for ever.
 */
import { nearestName } from "@signalbox/model"
import { ServerNotFound } from "@signalbox/orchestrator"
import { Effect } from "effect"
import { Prompt } from "effect/cli"
import { InvalidUsage } from "../errors.ts"
import { Output } from "../Output.ts"
import { oneLine, printable } from "../render/style.ts"
import { Setting } from "../Setting.ts"
import type { Choice } from "./choices.ts"
import type { Selection } from "./selectionFlags.ts"

const ask = Effect.fnUntraced(function* (verb: string, choices: ReadonlyArray<Choice>) {
  const { status, width } = yield* Output
  const longest = Math.max(0, ...choices.map(({ name }) => name.length))
  const chosen = yield* Prompt.run(
    Prompt.MultiSelect({
      message: `Which servers to ${verb}? Space chooses, Enter goes on`,
      min: 1,
      choices: choices.map((choice) => ({
        title: `${choice.name.padEnd(longest)}  ${oneLine(printable(choice.about), width - longest - 12)}`,
        value: choice.name,
        disabled: !choice.isEnabled
      }))
    })
  ).pipe(
    // Whoever leaves the list leaves the command, on a line of its own.
    Effect.catchTag("QuitError", () => Effect.andThen(status(""), Effect.interrupt))
  )
  return chosen.filter((name) => choices.some((choice) => choice.name === name && choice.isEnabled))
})

/** Names must be those of servers that may run. */
const checkNames = Effect.fnUntraced(function* (
  command: string,
  named: ReadonlySet<string>,
  choices: ReadonlyArray<Choice>
) {
  for (const name of named) {
    const choice = choices.find((choice) => choice.name === name)
    const available = choices.map(({ name }) => name)
    if (choice === undefined) {
      return yield* new ServerNotFound({ serverName: name, nearest: nearestName(name, available), available })
    }
    if (!choice.isEnabled) {
      return yield* new InvalidUsage({ command, reason: `"${name}" is disabled in the configuration.` })
    }
  }
})

/** Why a selection means no server. */
const emptyReason = (verb: string, { all, type }: Selection, enabled: ReadonlyArray<Choice>): string => {
  if (all || enabled.length === 0) return "No server of the configuration is enabled."
  if (type.length > 0) return `No enabled server is of type ${type.join(" or ")}.`
  return `Name servers to ${verb}, or say --all. There are: ${enabled.map(({ name }) => name).join(", ")}.`
}

/** The names that a command line means, in the order of the choices. `verb` is what will be done with them. */
export const selectServers = Effect.fnUntraced(function* (
  verb: string,
  selection: Selection,
  choices: ReadonlyArray<Choice>
) {
  const command = `signalbox servers ${verb}`
  const named = new Set([...selection.names, ...selection.server])
  yield* checkNames(command, named, choices)
  const types = new Set<string>(selection.type)
  const enabled = choices.filter(({ isEnabled }) => isEnabled)
  const meant = enabled.filter(({ name, transport }) => selection.all || named.has(name) || types.has(transport))
  if (meant.length > 0) return meant.map(({ name }) => name)
  const { isTerminal } = yield* Setting
  const { isJson } = yield* Output
  const mayAsk = types.size === 0 && enabled.length > 0 && isTerminal.stdin && isTerminal.stdout && !isJson
  if (mayAsk) return yield* ask(verb, choices)
  return yield* new InvalidUsage({ command, reason: emptyReason(verb, selection, enabled) })
})
