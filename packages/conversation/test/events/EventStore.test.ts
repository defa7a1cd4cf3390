import { EventStore } from "@signalbox/conversation"
import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { eventStoreContract } from "@signalbox/conversation/testing"

describe("conversations in memory", () => {
  for (const [name, test] of Object.entries(eventStoreContract)) {
    it.effect(name, () => Effect.provide(test, EventStore.layerMemory))
  }
})
