/** Makes a second conversation of the beginning of a first one. */
import { EventStore, forkConversation, type HistoryPoint, SessionExists } from "@signalbox/conversation"
import { shellWord } from "@signalbox/host"
import { Effect, Option } from "effect"
import { Output } from "../Output.ts"
import { printable } from "../render/style.ts"
import { report } from "../report.ts"
import { describePoint, showPoint } from "./historyPoint.ts"
import { findConversation, withStore } from "./keptConversations.ts"

/** What of a fork one may say. */
export interface ForkChoice {
  readonly at: Option.Option<HistoryPoint>
  readonly id: Option.Option<string>
  readonly model: Option.Option<string>
}

/** What one can do here is something else than in a program that holds sessions open. */
const taken = (sessionId: string) => {
  const goOn = `signalbox sessions resume ${shellWord(sessionId)}`
  return new SessionExists({
    sessionId,
    hint: `Name the new one otherwise with --id, or go on with the one that is there: ${goOn}`
  })
}

/** The work of `sessions fork`. */
export const sessionsFork = (given: string, { at, id, model }: ForkChoice) =>
  withStore(
    Effect.gen(function* () {
      const { name } = yield* findConversation(given)
      return yield* forkConversation(yield* EventStore, name, {
        ...(Option.isNone(at) ? {} : { at: at.value }),
        ...(Option.isNone(id) ? {} : { id: id.value }),
        ...(Option.isNone(model) ? {} : { model: model.value })
      }).pipe(Effect.catchTag("SessionExists", ({ sessionId }) => Effect.fail(taken(sessionId))))
    })
  ).pipe(
    report({
      json: (forked) => ({
        name: forked.id,
        from: forked.from,
        at: showPoint(forked.at),
        model: Option.getOrNull(model),
        leaves_running: forked.leavesRunning
      }),
      render: ({ at: point, from, id: name, leavesRunning }) =>
        Effect.gen(function* () {
          const { errorStyle, line, status, style } = yield* Output
          yield* line(`${style.green("✓")} ${printable(name)} is ${printable(from)} up to ${describePoint(point)}`)
          if (leavesRunning)
            yield* status(`${errorStyle.yellow("!")} A turn of ${printable(from)} is running, and is not part of it`)
          yield* status(errorStyle.dim(`→ Go on with it: signalbox sessions resume ${printable(shellWord(name))}`))
        })
    })
  )
