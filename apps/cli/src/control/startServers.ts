/**
 * `servers start` at work, in one of three ways: by the host that runs already, by one in the background that is started
 * for it, or by this very process until it is interrupted.
 */
import { redactText, toOutcome } from "@signalbox/errors"
import { Host } from "@signalbox/host"
import { type ServerInfoJson, serverInfoJson } from "@signalbox/orchestrator"
import type { ControlConnection } from "@signalbox/server/control"
import { DateTime, Effect, Fiber, Stream } from "effect"
import { watchConfig } from "../chat/watchConfig.ts"
import { watchServers } from "../chat/watchServers.ts"
import { Output, renderOutcome } from "../Output.ts"
import { printable } from "../render/style.ts"
import { report } from "../report.ts"
import { withHost } from "../withHost.ts"
import { configChoices, hostChoices } from "./choices.ts"
import { startDetached } from "./detach.ts"
import { doneJson, outcomesShortfall, renderOutcomes, type ServersDone } from "./outcomes.ts"
import { findRunning, placeOfRun } from "./runningHost.ts"
import type { Selection } from "./selectionFlags.ts"
import { selectServers } from "./selectServers.ts"
import { endHost } from "./stopServers.ts"

/** What the command line says beside the servers. */
export interface StartRun {
  readonly selection: Selection
  readonly isDetached: boolean
  /** Set in the process in the background. */
  readonly logFile: string | undefined
  /** Whether what servers write to standard error is shown. */
  readonly showsLogs: boolean
}

const askStart = Effect.fnUntraced(function* ({ ask, record }: ControlConnection, names: ReadonlyArray<string>) {
  const outcomes = yield* ask((client) => client.servers.startMany({ payload: { server_names: names } }))
  return { host: record, outcomes } satisfies ServersDone
})

/** Says why the command ends at once: what it started belongs to the host that was there. */
const tellWhoseTheyAre = Effect.fnUntraced(function* ({ kind, pid }: ControlConnection["record"], isDetached: boolean) {
  const { errorStyle, status } = yield* Output
  const end = kind === "servers" ? "signalbox servers stop --all" : `kill ${pid}`
  const told = isDetached
    ? `A host runs this configuration already, process ${pid}: the servers are in it. End it: ${end}`
    : `The running host, process ${pid}, has the servers: they go on when this command is over. End it: ${end}`
  yield* status(errorStyle.dim(told))
})

/** Lines of standard error, each with the name of its server. */
const showLogs = Effect.gen(function* () {
  const { orchestrator } = yield* Host
  const { errorStyle, status } = yield* Output
  yield* orchestrator.logLines.pipe(
    Stream.runForEach(({ serverName, text }) =>
      status(`${errorStyle.dim(`${serverName} │`)} ${printable(redactText(text))}`)
    ),
    Effect.forkScoped({ startImmediately: true })
  )
})

const startHere = Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
  const { orchestrator } = yield* Host
  const started = yield* Effect.forEach(
    names,
    (name) =>
      Effect.map(
        toOutcome(
          Effect.flatMap(orchestrator.ensureStarted(name), (info) =>
            Effect.map(DateTime.now, (now): ServerInfoJson => serverInfoJson(info, now))
          )
        ),
        (outcome) => [name, outcome] as const
      ),
    { concurrency: "unbounded" }
  )
  const total = started.length
  const succeeded = started.filter(([, { status }]) => status === "success").length
  return { results: Object.fromEntries(started), total, succeeded, success_rate: succeeded / total }
})

/** Runs the servers in this process until it is interrupted, or asked to end. */
const runHere = Effect.fnUntraced(function* (names: ReadonlyArray<string>, run: StartRun, onSettled: () => void) {
  const { claimForRun, serveControl } = yield* Effect.promise(() => import("./serveControl.ts"))
  const place = yield* claimForRun("servers", run.logFile ?? null)
  const running = Effect.gen(function* () {
    const host = yield* Host
    const output = yield* Output
    const shutdownAsked = yield* serveControl(place)
    if (run.showsLogs && !output.isJson) yield* showLogs
    const starting = yield* Effect.forkScoped(startHere(names), { startImmediately: true })
    yield* watchServers(host)
    yield* watchConfig(host)
    const announced = Effect.gen(function* () {
      const outcomes = yield* Fiber.join(starting)
      onSettled()
      if (output.isJson) {
        const outcome = yield* toOutcome(Effect.succeed(doneJson({ host: place.record(), outcomes })))
        return yield* output.line(renderOutcome({ ...outcome, status: "pending" }))
      }
      yield* output.status(output.errorStyle.dim("Ctrl-C stops them; signalbox servers status asks from elsewhere."))
    })
    yield* Effect.raceFirst(Effect.andThen(announced, Effect.never), shutdownAsked)
  }).pipe(Effect.scoped)
  yield* withHost({ startsAll: false, needsNoModel: true, tellsServers: true })(running)
}, Effect.scoped)

/** Starts servers: what is printed and the exit code are those of the command. */
export const startServers = (run: StartRun) =>
  Effect.suspend(() => {
    let hasSettled = false
    const work = Effect.gen(function* () {
      const found = run.logFile === undefined ? yield* findRunning : undefined
      if (found !== undefined) {
        const names = yield* selectServers("start", run.selection, yield* hostChoices(found))
        yield* tellWhoseTheyAre(found.record, run.isDetached)
        return yield* askStart(found, names)
      }
      const names = yield* selectServers("start", run.selection, yield* configChoices)
      if (run.isDetached) {
        const connection = yield* startDetached(names, yield* placeOfRun)
        const done = yield* askStart(connection, names)
        if (done.outcomes.succeeded > 0) return { ...done, isNew: true }
        // Nobody would see that nothing of it runs.
        yield* endHost(connection)
        return { ...done, host: null, endedLog: done.host.log_file }
      }
      yield* runHere(names, run, () => (hasSettled = true))
      return undefined
    }).pipe(Effect.scoped)
    return work.pipe(
      report({
        render: (done) =>
          done === undefined
            ? Effect.void
            : Effect.gen(function* () {
                const { errorStyle, status } = yield* Output
                yield* renderOutcomes(done.outcomes)
                if ("endedLog" in done && done.endedLog !== null)
                  yield* status(errorStyle.dim(`Nothing was left in the background; the log: ${done.endedLog}`))
                if (!("isNew" in done) || done.host === null) return
                const { log_file: log, pid } = done.host
                const where = log === null ? "" : `; it logs to ${log}`
                yield* status(
                  errorStyle.dim(`They run in process ${pid}${where}. End it: signalbox servers stop --all`)
                )
              }),
        json: (done) => (done === undefined ? null : doneJson(done)),
        shortfall: (done) => (done === undefined ? undefined : outcomesShortfall("start", done.outcomes)),
        hasAnswered: () => hasSettled
      })
    )
  })
