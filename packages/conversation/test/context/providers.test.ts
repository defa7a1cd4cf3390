import { trimMessages } from "@signalbox/conversation"
import { describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { historyOf, Step, tokensOf } from "./histories.ts"
import { assertTaken } from "./takenByProviders.ts"

describe("a history that was cut", () => {
  it.effect.prop(
    "is one that Messages, Chat Completions and Responses take",
    {
      steps: Schema.Array(Step),
      budget: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 4000 })),
      preserveRecent: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 8 }))
    },
    ({ budget, preserveRecent, steps }) =>
      assertTaken(trimMessages(historyOf(steps), { budget, preserveRecent, tokensOf }).messages)
  )
})
