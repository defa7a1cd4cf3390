/**
 * The subscriptions that the newest era needs for notices. They are opened again when they are lost; each loss
 * counts as a change, because one may have been missed meanwhile.
 */
import { Effect, Schedule } from "effect"
import { type ListKind, listKinds } from "./Changes.ts"
import type { Connection } from "./Connection.ts"
import type { ListenFilter } from "./Session.ts"

/** How long to wait before a lost subscription is opened again. */
const reopening = Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("30 seconds")])

/** Listens until it is interrupted. `onLoss` runs after each subscription that has ended. */
export const keepListening = ({ session }: Connection, filter: ListenFilter, onLoss: () => void): Effect.Effect<void> =>
  Effect.tryPromise((signal) => session.listen(filter, signal).then(({ closed }) => closed)).pipe(
    // However it ended, it is opened again.
    Effect.ignore,
    Effect.andThen(Effect.sync(onLoss)),
    Effect.repeat(reopening),
    Effect.asVoid
  )

/** Hears of changes of every list that the server announces changes of. In the older eras they come by themselves. */
export const watchLists = (connection: Connection): Effect.Effect<void> => {
  const { changes, session } = connection
  const kinds = listKinds.filter((kind) => announces(session.handshake.capabilities[kind]))
  if (session.handshake.era !== "modern" || kinds.length === 0) return Effect.void
  const filter = Object.fromEntries(kinds.map((kind: ListKind) => [`${kind}ListChanged`, true]))
  return keepListening(connection, filter, () => {
    for (const kind of kinds) changes[kind].announce()
  })
}

const announces = (capability: unknown): boolean =>
  typeof capability === "object" &&
  capability !== null &&
  "listChanged" in capability &&
  capability.listChanged === true
