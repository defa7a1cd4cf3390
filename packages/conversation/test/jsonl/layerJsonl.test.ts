import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { eventStoreContract } from "../events/eventStoreContract.ts"
import { folder, storeIn } from "./node.ts"

describe("conversations in files", () => {
  for (const [name, test] of Object.entries(eventStoreContract)) {
    it.effect(name, () => Effect.flatMap(folder, (path) => Effect.provide(test, storeIn(path))))
  }
})
