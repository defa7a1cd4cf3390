/** Takes out of a conversation what came after a point. */
import { EventStore, type HistoryPoint, type Rewound, rewindConversation } from "@signalbox/conversation"
import { Effect } from "effect"
import { Output } from "../Output.ts"
import { counted, printable } from "../render/style.ts"
import { report } from "../report.ts"
import { describePoint, showPoint } from "./historyPoint.ts"
import { findConversation, patience, tellRunning, withStore } from "./keptConversations.ts"

/** The built-in tools whose changes can be taken back by another command. */
const changingFiles: ReadonlySet<string> = new Set(["Write", "Edit", "MultiEdit", "NotebookEdit"])

const beOf = (count: number, isTrial: boolean): string => (isTrial ? "would be" : count === 1 ? "is" : "are")

/** What tools did is there still. */
const tellCalls = Effect.fnUntraced(function* ({ calls }: Rewound, isTrial: boolean) {
  if (calls.length === 0) return
  const { errorStyle, status } = yield* Output
  const names = [...new Set(calls)].map(printable).join(", ")
  yield* status(
    `${errorStyle.yellow("!")} ${counted(calls.length, "tool call")} ${beOf(calls.length, isTrial)} out of it; what was done stays done: ${names}`
  )
  if (calls.some((name) => changingFiles.has(name)))
    yield* status(`${errorStyle.dim("→")} Files are not rewound. See what can be taken back: signalbox undo --list`)
})

/** The work of `sessions rewind`. */
export const sessionsRewind = (given: string, point: HistoryPoint, isTrial: boolean) =>
  withStore(
    Effect.gen(function* () {
      const found = yield* findConversation(given)
      const { name } = found
      yield* tellRunning(found)
      const rewound = yield* rewindConversation(yield* EventStore, name, point, { isTrial, timeout: patience })
      return { name, rewound }
    })
  ).pipe(
    report({
      json: ({ name, rewound: { calls, messages, turns } }) => ({
        name,
        to: showPoint(point),
        turns,
        messages,
        calls,
        files_changed: calls.some((call) => changingFiles.has(call)),
        dry_run: isTrial
      }),
      render: ({ name, rewound }) =>
        Effect.gen(function* () {
          const { line, style } = yield* Output
          const place = `${printable(name)} ${isTrial ? "would be" : "is"} at ${describePoint(point)}`
          const gone =
            rewound.messages === 0
              ? "nothing was said after it"
              : `${counted(rewound.messages, "message")} of ${counted(Math.max(rewound.turns, 1), "turn")} ${beOf(rewound.messages, isTrial)} out of it`
          yield* line(`${isTrial ? style.dim("·") : style.green("✓")} ${place}: ${gone}`)
          yield* tellCalls(rewound, isTrial)
        })
    })
  )
