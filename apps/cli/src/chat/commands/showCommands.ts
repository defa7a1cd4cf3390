/**
 * Commands that show: what the chat is made of, and what it has used.
 */
import { knownModels } from "@signalbox/host"
import { sourceOf, type ToolDefinition } from "@signalbox/model"
import { serverInfoJson } from "@signalbox/orchestrator"
import { DateTime, Effect } from "effect"
import { Output } from "../../Output.ts"
import { noServers, renderServers } from "../../render/renderServers.ts"
import { counted, printable, type Style } from "../../render/style.ts"
import { renderTable } from "../../render/table.ts"
import { type Chat, modelName, modelOf, nameWithin } from "../Chat.ts"
import { otherModel } from "../otherModel.ts"
import type { ChatCommand } from "./ChatCommand.ts"
import { tokenCount } from "../../render/tokenCount.ts"

const contextWords = (used: number | undefined, window: number): string => {
  const room = tokenCount(window)
  return used === undefined
    ? `${room} tokens; how many are used is known after the first answer`
    : `${tokenCount(used)} of ${room} tokens (${Math.round((100 * used) / window)} %)`
}

export const status: ChatCommand = {
  name: "status",
  parameters: "",
  summary: "The model, the servers, and this conversation in numbers",
  run: Effect.fnUntraced(function* (chat) {
    const { style } = yield* Output
    const { contextTokens, session } = chat.state
    const chosen = modelOf(chat)
    const { windowTokens } = chosen.context
    // What was said before this chat, in it and in copies of it, is the conversation's; what was taken back is not.
    const points = yield* session.turns
    const calls = points.flatMap(({ steps }) => steps).flatMap((step) => step.calls)
    const { length: messages } = yield* session.history
    const servers = yield* chat.talker.orchestrator.servers
    const tools = yield* chat.talker.toolbox.list
    const running = servers.filter(({ state }) => state === "running").length
    const rows = [
      ["Model", `${modelName(chosen)} ${style.dim(`(${chosen.reason})`)}`],
      [
        "Conversation",
        `${printable(session.id)}${chat.isKept ? "" : style.dim(" (not kept; --session NAME keeps one)")}`
      ],
      [
        "So far",
        `${counted(points.length, "turn")}, ${counted(messages, "message")}, ${counted(calls.length, "tool call")}`
      ],
      ["Context", contextWords(contextTokens, windowTokens)],
      ["Servers", servers.length === 0 ? "none" : `${running} of ${servers.length} run`],
      ["Tools", String(tools.length)]
    ]
    return {
      text: renderTable(rows.map(([title = "", value = ""]) => [style.dim(title), value])),
      data: {
        model: modelName(chosen),
        conversation_id: session.id,
        is_kept: chat.isKept,
        turns: points.length,
        messages,
        tool_calls: calls.length,
        context_tokens: contextTokens ?? null,
        context_window: windowTokens,
        servers_running: running,
        servers: servers.length,
        tools: tools.length
      }
    }
  })
}

const matches = (word: string, { description, name, runBy }: ToolDefinition): boolean =>
  `${sourceOf(runBy) ?? ""} ${name} ${description}`.toLowerCase().includes(word.toLowerCase())

export const tools: ChatCommand = {
  name: "tools",
  parameters: "[WORD]",
  summary: "What the model can call, by source; only what has the word in it",
  complete: ({ talker }) => Effect.map(talker.orchestrator.servers, (servers) => servers.map(({ name }) => name)),
  run: Effect.fnUntraced(function* ({ talker }, word) {
    const { columns, style } = yield* Output
    const found = (yield* talker.toolbox.list).filter((tool) => matches(word, tool))
    const sources = [...new Set(found.map(({ runBy }) => sourceOf(runBy) ?? ""))]
    const rows = sources.flatMap((source) => {
      const own = found.filter(({ runBy }) => sourceOf(runBy) === source)
      return [
        [style.bold(printable(source)), style.dim(String(own.length)), ""],
        ...own.map((tool) => [`  ${printable(tool.name)}`, "", printable(tool.description)])
      ]
    })
    const nothing = word === "" ? "There are no tools." : `No tool has "${printable(word)}" in its name or description.`
    return {
      text: found.length === 0 ? nothing : renderTable(rows, { columns, paint: style.dim }),
      data: found.map(({ name, runBy }) => ({ server: sourceOf(runBy) ?? "", tool: name }))
    }
  })
}

export const servers: ChatCommand = {
  name: "servers",
  parameters: "",
  summary: "How each server is",
  run: Effect.fnUntraced(function* ({ talker }) {
    const { style, width } = yield* Output
    const all = yield* talker.orchestrator.servers
    const now = yield* DateTime.now
    return {
      text: all.length === 0 ? noServers : renderServers(all, now, style, width),
      data: all.map((info) => serverInfoJson(info, now))
    }
  })
}

/** What models have used, those of sub-agents and of summaries included. */
const usedModels = Effect.fnUntraced(function* ({ host }: Chat) {
  const sums = yield* host.models.ledger.summary
  const names = [...new Set(sums.map(({ model, upstream }) => JSON.stringify([upstream, model])))]
  return names.map((name) => {
    const own = sums.filter(({ model, upstream }) => JSON.stringify([upstream, model]) === name)
    const sum = (of: (entry: (typeof own)[number]) => number): number =>
      own.reduce((total, entry) => total + of(entry), 0)
    return {
      model: nameWithin(own[0]?.upstream ?? "", own[0]?.model ?? ""),
      requests: sum(({ requests }) => requests),
      input_tokens: sum((entry) => entry.input_tokens),
      output_tokens: sum((entry) => entry.output_tokens),
      cache_read_tokens: sum((entry) => entry.cache_read_input_tokens),
      cache_write_tokens: sum((entry) => entry.cache_creation_input_tokens),
      cost_usd: sum((entry) => entry.cost_usd),
      unpriced: sum((entry) => entry.unpriced)
    }
  })
})

type UsedModel = Effect.Success<ReturnType<typeof usedModels>>[number]

const priceOf = ({ cost_usd, requests, unpriced }: UsedModel): string => {
  if (unpriced === requests) return "no price known"
  return `$${cost_usd.toFixed(4)}${unpriced === 0 ? "" : ` and ${unpriced} without a price`}`
}

const renderCosts = (used: ReadonlyArray<UsedModel>, style: Style): string => {
  const header = ["model", "requests", "in", "out", "cache read", "cache written", "cost"].map(style.dim)
  const rows = used.map((entry) => [
    style.bold(printable(entry.model)),
    ...[entry.requests, entry.input_tokens, entry.output_tokens, entry.cache_read_tokens, entry.cache_write_tokens].map(
      tokenCount
    ),
    priceOf(entry)
  ])
  const total = used.reduce((sum, { cost_usd }) => sum + cost_usd, 0)
  const isPriced = used.some(({ requests, unpriced }) => unpriced < requests)
  return [
    renderTable([header, ...rows]),
    ...(isPriced ? [`In all: $${total.toFixed(4)}`] : []),
    ...(used.some(({ unpriced }) => unpriced > 0)
      ? [style.dim("Prices of models are set by model.prices in the configuration.")]
      : [])
  ].join("\n")
}

export const cost: ChatCommand = {
  name: "cost",
  parameters: "",
  summary: "Tokens and money of this chat, by model",
  run: Effect.fnUntraced(function* (chat) {
    const { style } = yield* Output
    const used = yield* usedModels(chat)
    return { text: used.length === 0 ? "No model has been asked yet." : renderCosts(used, style), data: used }
  })
}

const another = "Choose another with /model NAME; /model alone lists them."

export const model: ChatCommand = {
  name: "model",
  parameters: "[NAME]",
  summary: "Which model answers; another for the rest of the conversation",
  complete: ({ host }) => Effect.sync(() => knownModels(host.models)),
  run: Effect.fnUntraced(function* (chat, name) {
    const { style } = yield* Output
    const before = modelName(modelOf(chat))
    if (name !== "") chat.state.other = yield* otherModel(chat, name, another)
    const chosen = modelOf(chat)
    const now = modelName(chosen)
    const known = knownModels(chat.host.models)
    const text =
      name === ""
        ? `${style.bold(now)} ${style.dim(`(${chosen.reason})`)}\n${style.dim(`Others: /model ${known.join(", ")}, or PROVIDER/MODEL`)}`
        : `${style.green("✓")} From now on ${style.bold(now)} answers${now === before ? ", as before" : ` instead of ${before}`}.`
    return { text, data: { model: now, known } }
  })
}
