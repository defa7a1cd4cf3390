/**
 * `servers restart` and `servers reconnect` at work: the same request to a running host for several servers.
 */
import { Effect } from "effect"
import { report } from "../report.ts"
import { hostChoices } from "./choices.ts"
import { doneJson, outcomesShortfall, renderOutcomes, type ServersDone } from "./outcomes.ts"
import { running } from "./runningHost.ts"
import type { Selection } from "./selectionFlags.ts"
import { selectServers } from "./selectServers.ts"

/** Does it with the servers that are meant. */
export const onServers = (verb: "restart" | "reconnect", selection: Selection) =>
  Effect.gen(function* () {
    const connection = yield* running
    const { ask, record } = connection
    const payload = { server_names: yield* selectServers(verb, selection, yield* hostChoices(connection)) }
    const outcomes = yield* ask(({ servers }) =>
      verb === "restart" ? servers.restartMany({ payload }) : servers.reconnectMany({ payload })
    )
    return { host: record, outcomes } satisfies ServersDone
  }).pipe(
    Effect.scoped,
    report({
      render: ({ outcomes }) => renderOutcomes(outcomes),
      json: doneJson,
      shortfall: ({ outcomes }) => outcomesShortfall(verb, outcomes)
    })
  )
