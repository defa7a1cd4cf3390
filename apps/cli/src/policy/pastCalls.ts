/**
 * Calls of tools that were made before: of conversations that are kept, or of a file with a line of JSON for each.
 */
import { EventStore } from "@signalbox/conversation"
import { fileTrouble } from "@signalbox/errors"
import type { PastCall } from "@signalbox/host"
import { isJsonObject, type JsonObject } from "@signalbox/model"
import { Effect, FileSystem, Option, Result } from "effect"
import { CallLogInvalid } from "../errors.ts"
import { findConversation, withStore } from "../sessions/keptConversations.ts"

/** Where they are. */
export interface CallSource {
  readonly log: Option.Option<string>
  readonly session: Option.Option<string>
}

/** Of a record that is no call: nothing. */
const callIn = (record: JsonObject): PastCall | undefined => {
  const { type = "tool_call" } = record
  if (type !== "tool_call" && type !== "tool_use") return undefined
  const tool = record["name"] ?? record["tool"]
  const input = record["arguments"] ?? record["input"] ?? {}
  return typeof tool === "string" && isJsonObject(input) ? { tool, input } : undefined
}

const readLog = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  const text = yield* Effect.mapError(
    fs.readFileString(file),
    (error) => new CallLogInvalid({ file, line: 0, reason: fileTrouble(error) })
  )
  const calls: Array<PastCall> = []
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue
    const invalid = (reason: string) => new CallLogInvalid({ file, line: index + 1, reason })
    const parsed = Result.try((): unknown => JSON.parse(line))
    if (Result.isFailure(parsed) || !isJsonObject(parsed.success)) return yield* invalid("it is no JSON object")
    const call = callIn(parsed.success)
    const isOther = typeof parsed.success["type"] === "string"
    if (call === undefined && !isOther) return yield* invalid("it names no tool (name, arguments)")
    if (call !== undefined) calls.push(call)
  }
  return calls
})

const kept = (session: Option.Option<string>) =>
  withStore(
    Effect.gen(function* () {
      const names = Option.isSome(session) ? [session.value] : yield* (yield* EventStore).listConversations
      const events = (yield* Effect.forEach(names, findConversation)).flatMap((found) => found.events)
      return events.flatMap((event): ReadonlyArray<PastCall> =>
        event.type === "tool_call" ? [{ tool: event.name, input: event.arguments }] : []
      )
    })
  )

/** All of them, in the order in which they were made. */
export const pastCalls = ({ log, session }: CallSource) => (Option.isSome(log) ? readLog(log.value) : kept(session))
