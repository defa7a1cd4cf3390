/**
 * Which servers a command is about: named, of a type, all, or chosen from a list by a person at a terminal. Without a
 * terminal nothing is asked, because a script would wait for ever.
 */
import { type HostOptions } from "@signalbox/host"
import { nearestName } from "@signalbox/model"
import { ServerNotFound } from "@signalbox/orchestrator"
import { Effect } from "effect"
import { Prompt } from "effect/cli"
import { InvalidUsage } from "../errors.ts"
import { Output } from "../Output.ts"
import { oneLine, printable } from "../render/style.ts"
import { readConfig } from "../withHost.ts"
import { Setting } from "../Setting.ts"
import { type Selection } from "./selectionFlags.ts"

/** A server that can be chosen. */
interface Choice {
  readonly name: string
  readonly transport: string
  readonly isEnabled: boolean
  readonly about: string
}

const choicesOf = (servers: HostOptions["servers"]): ReadonlyArray<Choice> =>
  Object.entries(servers).map(([name, entry]) => ({
    name,
    transport: entry.transport,
    isEnabled: entry.enabled,
    about: entry.description ?? (entry.transport === "stdio" ? [entry.command, ...entry.args].join(" ") : entry.url)
  }))

const ask = Effect.fnUntraced(function* (verb: string, choices: ReadonlyArray<Choice>) {
  const { width } = yield* Output
  const longest = Math.max(0, ...choices.map(({ name }) => name.length))
  const chosen = yield* Prompt.run(
    Prompt.MultiSelect({
      message: `Which servers to ${verb}? Space chooses, Enter goes on`,
      min: 1,
      choices: choices.map(({ about, isEnabled, name }) => ({
        title: `${name.padEnd(longest)}  ${oneLine(printable(isEnabled ? about : "disabled in the configuration"), width - longest - 12)}`,
        value: name,
        disabled: !isEnabled
      }))
    })
  ).pipe(
    // Whoever leaves the list leaves the command.
    Effect.catchTag("QuitError", () => Effect.interrupt)
  )
  return chosen
})

/** The names that a command line means, in the order of the configuration. `verb` is what will be done with them. */
export const selectServers = Effect.fnUntraced(function* (verb: string, selection: Selection) {
  const { options } = yield* readConfig()
  const { isTerminal } = yield* Setting
  const output = yield* Output
  const command = `signalbox servers ${verb}`
  const choices = choicesOf(options.servers)
  const enabled = choices.filter(({ isEnabled }) => isEnabled)
  const named = new Set([...selection.names, ...selection.server])
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
  const types = new Set<string>(selection.type)
  const isMeant = ({ name, transport }: Choice) => selection.all || named.has(name) || types.has(transport)
  const meant = enabled.filter(isMeant).map(({ name }) => name)
  if (meant.length > 0) return meant
  if (selection.all || types.size > 0) {
    const reason = selection.all ? "No servers are configured." : `No server is of type ${[...types].join(" or ")}.`
    return yield* new InvalidUsage({ command, reason })
  }
  if (isTerminal.stdin && isTerminal.stdout && !output.isJson && enabled.length > 0) return yield* ask(verb, choices)
  const known = enabled.map(({ name }) => name).join(", ")
  return yield* new InvalidUsage({
    command,
    reason: `Name servers to ${verb}, or say --all.${known === "" ? "" : ` There are: ${known}.`}`
  })
})
