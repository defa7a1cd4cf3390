/**
 * Whether a server that runs is of use: it is asked now and then, and whoever does not answer several times in a row
 * is given up and started anew. Anything that comes from a server counts as a sign of life, and one that is busy
 * with calls is not asked: it may answer only when they are done.
 */
import type { McpClient } from "@signalbox/mcp"
import { Duration, Effect, Latch, Option, Stream } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import type { HealthOptions } from "./OrchestratorOptions.ts"
import type { ServerHealth } from "./ServerInfo.ts"

/** What the checks of one server have shown. */
export interface HealthRecord {
  /** Failed checks in a row. */
  readonly failures: number
  readonly reason: string | undefined
  /** Good checks that are missing until it counts as healthy again. */
  readonly recovering: number
}

/** Nothing has been seen that speaks against the server. */
export const soundHealth: HealthRecord = { failures: 0, reason: undefined, recovering: 0 }

/** The record after one more check; `reason` says why it failed. */
export const recordCheck = (
  before: HealthRecord,
  reason: string | undefined,
  { failures, successes }: HealthOptions
): HealthRecord => {
  if (reason === undefined) {
    const recovering = Math.max(0, before.recovering - 1)
    return { failures: 0, reason: recovering > 0 ? before.reason : undefined, recovering }
  }
  const inRow = before.failures + 1
  return { failures: inRow, reason, recovering: inRow >= failures ? successes : before.recovering }
}

/** The record in words, for a server that runs. */
export const healthOf = ({ failures, reason, recovering }: HealthRecord, options: HealthOptions): ServerHealth => {
  if (failures >= options.failures) return { status: "unhealthy", reason }
  if (failures > 0) return { status: "degraded", reason: `${failures} of ${options.failures} checks failed: ${reason}` }
  if (recovering > 0) return { status: "degraded", reason: `it has just come back: ${reason}` }
  return { status: "healthy", reason: undefined }
}

/** The checks of one connection. */
export interface HealthWatch {
  /** Makes the next check happen now: something has happened that may mean that the server hangs. */
  readonly suspect: () => void
  /** Checks once, now, whatever else is known of the server; one that is content with a process is asked, too. */
  readonly check: Effect.Effect<void>
  /** Checks for as long as it runs. */
  readonly run: Effect.Effect<void>
}

/** Watches a connection; `onChecked` is given why a check failed, or nothing for a good one. */
export const watchHealth = (
  client: McpClient,
  options: HealthOptions,
  onChecked: (reason: string | undefined) => void
): HealthWatch => {
  const suspected = Latch.makeUnsafe(false)
  const check = options.check === "http" ? checkUrl(options.url) : checkPing(client)
  const limited = check.pipe(
    Effect.timeoutOption(options.timeout),
    Effect.map(Option.getOrElse(() => `no answer within ${Duration.format(options.timeout)}`))
  )
  const once = Effect.map(limited, onChecked)
  if (options.check === "process") return { suspect: () => undefined, check: once, run: Effect.void }
  let received = client.activity().received

  const look = (isSuspected: boolean) =>
    Effect.suspend(() => {
      const now = client.activity()
      const isAlive = options.check === "ping" && now.received !== received
      received = now.received
      if (isAlive) return Effect.sync(() => onChecked(undefined))
      if (options.check === "ping" && now.pending > 0 && !isSuspected) return Effect.void
      return Effect.map(limited, (reason) => {
        // A server that did not answer is asked again at once; the wait for its answer was pause enough.
        if (reason !== undefined && options.check === "ping") suspected.openUnsafe()
        received = client.activity().received
        onChecked(reason)
      })
    })
  const round = Effect.gen(function* () {
    const woken = yield* Effect.timeoutOption(suspected.await, options.interval)
    suspected.closeUnsafe()
    yield* look(Option.isSome(woken))
  })
  return { suspect: () => void suspected.openUnsafe(), check: once, run: Effect.forever(round) }
}

/** Any answer is a good one; `ping` of the client takes an error for one, too. */
const checkPing = (client: McpClient): Effect.Effect<string | undefined> =>
  Effect.match(client.ping, { onSuccess: () => undefined, onFailure: (error) => error.message })

const checkUrl = (url: string): Effect.Effect<string | undefined> =>
  HttpClient.get(url).pipe(
    Effect.flatMap((response) => Effect.as(Stream.runDrain(response.stream), response.status)),
    Effect.match({
      onSuccess: (status) => (status >= 200 && status < 300 ? undefined : `${url} answers HTTP ${status}`),
      onFailure: (error) => `${url} cannot be reached: ${error.message}`
    }),
    Effect.provide(FetchHttpClient.layer)
  )
