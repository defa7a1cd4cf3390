/** What happens to whole servers while calls run: kills, freezes, new connections, another configuration. */
import { makeRandom } from "@signalbox/testing"
import type { ManagedServer } from "@signalbox/orchestrator"
import { Effect } from "effect"
import type { ChaosServer } from "./chaosServers.ts"
import type { Boxes } from "./servers.ts"

/** The kinds, for the plan. */
export const chaosFaults = ["kill", "freeze", "reconnect", "reconfigure"] as const

/** One of them. */
export type ChaosFault = (typeof chaosFaults)[number]

/** Where it happens. */
export interface Yard {
  readonly boxes: Boxes
  readonly servers: ReadonlyArray<ChaosServer>
  /** What the options of each server are made from at the moment. */
  readonly seeds: Map<string, number>
}

/** The options of all servers. */
export const configuration = (
  servers: ReadonlyArray<ChaosServer>,
  seeds: ReadonlyMap<string, number>
): ReadonlyArray<ManagedServer> => servers.map(({ managed, name }) => managed(seeds.get(name) ?? 0))

/** Makes it happen to one server, and answers when it is over. What does not work because of another fault does not matter. */
export const inflict = ({ boxes, seeds, servers }: Yard, kind: ChaosFault, seed: number): Effect.Effect<void> => {
  const random = makeRandom(seed)
  const server = random.pick(servers)
  switch (kind) {
    case "kill": {
      const { http } = server
      const pause = random.int(0, 300)
      if (http !== undefined) return Effect.promise(() => http.restart(pause))
      return Effect.map(pidOf(boxes, server), (pid) => signal(pid, "SIGKILL"))
    }
    case "freeze": {
      const pause = random.int(50, 1500)
      return Effect.flatMap(pidOf(boxes, server), (pid) => {
        signal(pid, "SIGSTOP")
        return Effect.ensuring(
          Effect.sleep(pause),
          Effect.sync(() => signal(pid, "SIGCONT"))
        )
      })
    }
    case "reconnect":
      // A server that is down cannot be reconnected.
      return Effect.ignore(boxes.reconnect(server.name))
    case "reconfigure":
      seeds.set(server.name, random.int(0, 4_294_967_295))
      return Effect.asVoid(Effect.orDie(boxes.reconfigure(configuration(servers, seeds))))
  }
}

const pidOf = (boxes: Boxes, { http, name }: ChaosServer): Effect.Effect<number | undefined> =>
  http === undefined ? Effect.map(Effect.orDie(boxes.server(name)), ({ pid }) => pid) : Effect.sync(http.pid)

const signal = (pid: number | undefined, name: NodeJS.Signals): void => {
  if (pid === undefined) return
  try {
    process.kill(pid, name)
  } catch {
    // It has ended by itself meanwhile.
  }
}
