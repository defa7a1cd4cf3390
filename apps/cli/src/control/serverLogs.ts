/**
 * `servers logs` at work: the lines that the running host has kept of a server, or those of a server that is started
 * for a look.
 */
import { redactText } from "@signalbox/errors"
import { Host } from "@signalbox/host"
import { Effect, Result, Stream } from "effect"
import { Output, renderError } from "../Output.ts"
import { printable } from "../render/style.ts"
import { report } from "../report.ts"
import { withHost } from "../withHost.ts"
import { findRunning, tellHost } from "./runningHost.ts"

/** Which lines are wanted. */
export interface LogsRun {
  readonly name: string
  readonly tail: number
  /** Whether lines are printed as they come, until the command is interrupted. */
  readonly follow: boolean
}

/** What a failed start ended with: the next attempt may have begun meanwhile. */
const lastWordsOf = (failure: object): ReadonlyArray<string> | undefined =>
  "stderrTail" in failure && Array.isArray(failure.stderrTail) ? failure.stderrTail.map(String) : undefined

/** With `--json` each line that is followed is an object of its own. */
const printLine = Effect.fnUntraced(function* (name: string, text: string) {
  const { isJson, line } = yield* Output
  yield* line(isJson ? JSON.stringify({ name, line: text }) : printable(text))
})

const started = ({ follow, name, tail }: LogsRun) =>
  withHost({ startsAll: false, needsNoModel: true })(
    Effect.gen(function* () {
      const { orchestrator } = yield* Host
      yield* orchestrator.server(name)
      if (follow) {
        const lines = yield* Stream.toQueue(orchestrator.logLines, { capacity: "unbounded" })
        yield* Effect.forkScoped(orchestrator.ensureStarted(name))
        return yield* Stream.runForEach(Stream.fromQueue(lines), ({ text }) => printLine(name, redactText(text)))
      }
      const result = yield* Effect.result(orchestrator.start(name))
      const failure = Result.isFailure(result) ? result.failure : undefined
      const words = (failure === undefined ? undefined : lastWordsOf(failure)) ?? (yield* orchestrator.logs(name))
      return { name, lines: words.slice(-tail).map(redactText), failure }
    }).pipe(Effect.scoped)
  )

const logs = Effect.fnUntraced(function* (run: LogsRun) {
  const { follow, name, tail } = run
  const found = yield* findRunning
  if (found === undefined) return yield* started(run)
  yield* tellHost(found.record)
  const request = { params: { name }, query: { tail } }
  if (!follow) return { ...(yield* found.ask((client) => client.watching.logs(request))), failure: undefined }
  const lines = found.watch((client) => client.watching.followLogs(request))
  return yield* Stream.runForEach(lines, ({ line }) => printLine(name, line))
}, Effect.scoped)

/** Prints the lines. When they were followed, they have been printed as they came. */
export const serverLogs = (run: LogsRun) =>
  logs(run).pipe(
    report({
      render: (done) =>
        Effect.gen(function* () {
          if (done === undefined) return
          const { errorStyle, line, status } = yield* Output
          for (const text of done.lines) yield* line(printable(text))
          if (done.failure !== undefined) yield* status(renderError(done.failure, errorStyle))
        }),
      json: (done) => (done === undefined ? null : { name: done.name, lines: done.lines }),
      shortfall: (done) => done?.failure,
      hasAnswered: () => run.follow
    })
  )
