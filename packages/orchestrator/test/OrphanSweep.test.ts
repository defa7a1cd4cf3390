import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { OrphanSweep, ProcessEnvironments } from "@signalbox/orchestrator"
import { markedProcesses } from "@signalbox/testing"
import { Effect, FileSystem, Layer } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { readdirSync, readFileSync } from "node:fs"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { fx, markerName, newMarker, orchestrateReal, ownerOf, until } from "./realServers.ts"

const waits = "setTimeout(() => {}, 300_000)"

/** A process that waits; it ends with the test at the latest. */
const waiting = (env: Readonly<Record<string, string>>, program = waits) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const child = spawn(process.execPath, ["-e", program], {
        env: { ...process.env, ...env },
        detached: true,
        stdio: "ignore"
      })
      await once(child, "spawn")
      return child
    }),
    (child) => Effect.promise(() => endGroup(child))
  )

const endGroup = async (child: ChildProcess) => {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, "SIGKILL")
  } catch {
    // The sweep has done it.
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
}

const pid = (child: ChildProcess) => child.pid ?? 0

const isAlive = (id: number) => {
  try {
    return process.kill(id, 0)
  } catch {
    return false
  }
}

const left = (marker: string) => markedProcesses({ name: markerName, value: marker })

/** A program with two processes that carry the marker, to be killed. */
const startHost = (marker: string, env: Readonly<Record<string, string>> = {}, ...args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const script = fileURLToPath(new URL("killedHost.ts", import.meta.url))
      const child = spawn(process.execPath, [script, marker, ...args], {
        env: { ...process.env, ...env },
        stdio: ["ignore", "pipe", "inherit"]
      })
      const [owner] = (await once(createInterface({ input: child.stdout }), "line")) as [string]
      return { child, owner }
    }),
    ({ child }) =>
      Effect.promise(async () => {
        child.kill("SIGKILL")
        for (const id of await left(marker)) process.kill(id, "SIGKILL")
      })
  )

/** As a platform does that reads files at once. */
const environments = Effect.sync(() =>
  readdirSync("/proc").flatMap((name): ReadonlyArray<readonly [number, string]> => {
    try {
      return /^\d+$/.test(name) ? [[Number(name), readFileSync(`/proc/${name}/environ`, "latin1")]] : []
    } catch {
      return []
    }
  })
)

const sources = {
  "/proc": OrphanSweep.layer.pipe(Layer.provide(NodeServices.layer)),
  "what the platform has read": OrphanSweep.layer.pipe(
    Layer.provide(Layer.succeed(ProcessEnvironments, environments)),
    Layer.provide(NodeServices.layer)
  ),
  ps: OrphanSweep.layer.pipe(
    Layer.provide(FileSystem.layerNoop({ exists: () => Effect.succeed(false) })),
    Layer.provide(NodeServices.layer)
  )
}

for (const [source, layer] of Object.entries(sources)) {
  describe(`a sweep that reads ${source}`, () => {
    /** The name of an owner that is dead by now. */
    const deadOwner = Effect.gen(function* () {
      const owner = yield* waiting({})
      const name = yield* (yield* OrphanSweep).ownerOf(pid(owner))
      yield* Effect.promise(() => endGroup(owner))
      return name ?? ""
    })
    const sweep = Effect.gen(function* () {
      const service = yield* OrphanSweep
      return yield* service.sweep((yield* service.ownerOf(process.pid)) ?? "")
    })

    it.live("kills what a dead owner left, with its children, and nothing of a living one", () =>
      Effect.gen(function* () {
        const service = yield* OrphanSweep
        const living = yield* waiting({})
        const livingName = (yield* service.ownerOf(pid(living))) ?? ""
        const kept = yield* waiting({ SIGNALBOX_OWNER: livingName })
        const own = yield* waiting({ SIGNALBOX_OWNER: (yield* service.ownerOf(process.pid)) ?? "" })
        const foreign = yield* waiting({ SIGNALBOX_OWNER: "somebody" })
        const unmarked = yield* waiting({ OTHER: "1-1" })
        const marker = newMarker()
        yield* waiting(
          { SIGNALBOX_OWNER: yield* deadOwner, [markerName]: marker },
          `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(waits)}]); ${waits}`
        )
        yield* until("the child of the orphan", async () => (await left(marker)).length === 2)
        const expected = yield* Effect.promise(() => left(marker))
        assert.includeMembers([...(yield* sweep)], expected)
        yield* until("their end", async () => (await left(marker)).length === 0)
        for (const child of [living, kept, own, foreign, unmarked]) assert.isTrue(isAlive(pid(child)))
      }).pipe(Effect.provide(layer))
    )

    it.live("spares a process without a mark that shares a group with an orphan", () =>
      Effect.gen(function* () {
        const owner = yield* deadOwner
        const marker = newMarker()
        const leader = yield* waiting(
          {},
          `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(waits)}], { env: { ...process.env, SIGNALBOX_OWNER: ${JSON.stringify(owner)}, ${markerName}: ${JSON.stringify(marker)} } }); ${waits}`
        )
        yield* until("the orphan", async () => (await left(marker)).length === 1)
        const expected = yield* Effect.promise(() => left(marker))
        const swept = yield* sweep
        assert.includeMembers([...swept], expected)
        assert.notInclude(swept, pid(leader))
        yield* until("its end", async () => (await left(marker)).length === 0)
        assert.isTrue(isAlive(pid(leader)))
      }).pipe(Effect.provide(layer))
    )

    it.live("does not take an argument for a mark", () =>
      Effect.gen(function* () {
        const owner = yield* deadOwner
        const child = yield* waiting({}, `${waits} // SIGNALBOX_OWNER=${owner} `)
        assert.notInclude(yield* sweep, pid(child))
        assert.isTrue(isAlive(pid(child)))
      }).pipe(Effect.provide(layer))
    )
  })
}

describe("a killed host", () => {
  it.live("leaves nothing behind after the next start, which waits for none of it", () =>
    Effect.gen(function* () {
      const marker = newMarker()
      const { child } = yield* startHost(marker)
      const ended = once(child, "exit")
      child.kill("SIGKILL")
      yield* Effect.promise(() => ended)
      yield* until("its server and the child of that", async () => (await left(marker)).length === 2)
      const boxes = yield* orchestrateReal([fx("next", { tools: ["echo"] })], { owner: yield* ownerOf(process.pid) })
      yield* boxes.settled
      assert.strictEqual((yield* boxes.server("next")).state, "running")
      yield* until("the end of both processes", async () => (await left(marker)).length === 0)
    })
  )

  it.live("spares itself when it was itself started by an orphan", () =>
    Effect.gen(function* () {
      const gone = yield* waiting({})
      const owner = (yield* ownerOf(pid(gone))) ?? ""
      yield* Effect.promise(() => endGroup(gone))
      const orphan = yield* waiting({ SIGNALBOX_OWNER: owner })
      const marker = newMarker()
      const { child } = yield* startHost(marker, { SIGNALBOX_OWNER: owner }, "sweep")
      yield* until("the end of the orphan", () => orphan.signalCode === "SIGKILL")
      assert.isNull(child.signalCode)
      yield* until("its server and the child of that", async () => (await left(marker)).length === 2)
      const ended = once(child, "exit")
      child.kill("SIGKILL")
      yield* Effect.promise(() => ended)
      const sweep = yield* OrphanSweep
      yield* sweep.sweep((yield* sweep.ownerOf(process.pid)) ?? "")
      yield* until("the end of its server", async () => (await left(marker)).length === 0)
    }).pipe(Effect.provide(sources["/proc"]))
  )
})
