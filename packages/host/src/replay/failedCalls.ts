/**
 * Calls that failed on the way to a server over HTTP. No message of the protocol tells of a status, a lost answer or a limit
 * of time, so the failures themselves are written down, and given again without asking the played server.
 */
import { entriesOf, firstDifference, type Player, type Recorder } from "@signalbox/conversation/replay"
import { type CallError, CallFailure, type McpClient, type ToolCall } from "@signalbox/mcp"
import { canonicalJson } from "@signalbox/model"
import { Effect, Predicate, Result, Schema } from "effect"

/** Which call of its kind one is, over all connections to a server. */
const makeCounter = () => {
  const counts = new Map<string, number>()
  return ({ input, name }: ToolCall): number => {
    const key = canonicalJson([name, input])
    const nth = (counts.get(key) ?? 0) + 1
    counts.set(key, nth)
    return nth
  }
}

/** One counter for each server. */
export const makeCounters = () => {
  const counters = new Map<string, ReturnType<typeof makeCounter>>()
  return (serverName: string) => {
    const counter = counters.get(serverName) ?? makeCounter()
    counters.set(serverName, counter)
    return counter
  }
}

/** What is undefined has to be named: JSON has no such value. */
const encode = (error: CallError): unknown => {
  const encoded: unknown = Result.getOrUndefined(Schema.encodeResult(CallFailure)(error))
  const absent = Object.entries(Object(encoded)).flatMap(([key, value]) => (value === undefined ? [key] : []))
  return { value: encoded ?? null, absent }
}

const decode = (error: unknown): CallError | undefined => {
  const absent: unknown = Reflect.get(Object(error), "absent")
  const names = Array.isArray(absent) ? absent.filter(Predicate.isString) : []
  const given = {
    ...Object.fromEntries(names.map((name) => [name, undefined])),
    ...Reflect.get(Object(error), "value")
  }
  return Result.getOrUndefined(Schema.decodeUnknownResult(CallFailure)(given))
}

/** A client whose failed calls are written down. */
export const notingFailures = (
  recorder: Recorder,
  client: McpClient,
  count: (call: ToolCall) => number
): McpClient => ({
  ...client,
  callTool: (call) =>
    Effect.suspend(() => {
      const nth = count(call)
      const { input, name } = call
      const at = { turn: recorder.turn(), peer: client.serverName, name, input, nth }
      return Effect.tapError(client.callTool(call), (error) =>
        Effect.sync(() => recorder.note({ type: "call_failed", ...at, error: encode(error) }))
      )
    })
})

/** Fails the calls that failed; all others go to the client. */
export const playingFailures = (
  player: Player,
  client: McpClient,
  count: (call: ToolCall) => number
): McpClient["callTool"] => {
  const failures = entriesOf(player.cassette, "call_failed").filter(({ peer }) => peer === client.serverName)
  return (call) =>
    Effect.suspend(() => {
      const nth = count(call)
      const entry = failures.find(
        (known) =>
          known.name === call.name &&
          known.nth === nth &&
          firstDifference(known.input, player.mask.json(call.input)) === undefined
      )
      const error = entry === undefined ? undefined : decode(entry.error)
      return error === undefined ? client.callTool(call) : Effect.fail(error)
    })
}
