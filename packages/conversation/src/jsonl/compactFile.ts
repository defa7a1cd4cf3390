/**
 * Writes a file again without the records that later ones have made superfluous. A crash leaves the old file or the new one:
 * the new content is on the disk before it takes the name.
 */
import { Effect, FileSystem, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { ChatEvent } from "../events/ChatEvent.ts"
import type { EventLog } from "../events/EventLog.ts"
import { lineOf } from "../events/prepareEvents.ts"

const encode = Schema.encodeEffect(ChatEvent)

/** For a file that is locked. Answers with the number of bytes that became free. */
export const compactFile = Effect.fnUntraced(function* (path: string, log: EventLog) {
  if (log.superfluousCount === 0) return 0
  const fs = yield* FileSystem.FileSystem
  const random = yield* Effect.provide(SecureRandom.SecureRandom, SecureRandom.layerWebCrypto)
  const kept = log.all.filter((event) => !log.isSuperfluous(event))
  // All of it was decoded or made by this schema.
  const lines = yield* Effect.forEach(kept, (event) => Effect.map(Effect.orDie(encode(event)), lineOf))
  const bytes = new TextEncoder().encode(lines.join(""))
  const before = Number((yield* fs.stat(path)).size)
  const draft = `${path}.${yield* random.uuidV4()}.tmp`
  yield* Effect.gen(function* () {
    const file = yield* fs.open(draft, { flag: "wx", mode: 0o600 })
    yield* file.writeAll(bytes)
    yield* file.sync
  }).pipe(
    Effect.scoped,
    Effect.andThen(fs.rename(draft, path)),
    // The failure is told; that its draft cannot be removed either says nothing new.
    Effect.onError(() => Effect.ignore(fs.remove(draft, { force: true })))
  )
  return before - bytes.length
})
