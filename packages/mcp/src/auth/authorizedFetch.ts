/**
 * Puts the credentials of a connection on its requests. A refused request was not executed, so it is sent again once
 * better credentials are had, a tool call too. Many that are refused at once wait for one renewal.
 */
import { Effect, Fiber, Redacted, type Scope } from "effect"
import type { Fetch } from "../http/guardedFetch.ts"
import type { ServerOptions } from "../ServerOptions.ts"
import type { Authorizer, Recovery, Refusal } from "./Authorizer.ts"
import { wantsMoreScope } from "./challenge.ts"
import { markDenied } from "./denial.ts"

/** Two: a token that another process has left may be as stale as the one before. */
const mostAttempts = 2

/** Wraps a `fetch` that goes to one server alone. What is under way when the scope closes is waited for, but not long. */
export const authorizedFetch = (
  fetch: Fetch,
  authorizer: Authorizer,
  server: ServerOptions
): Effect.Effect<Fetch, never, Scope.Scope> =>
  Effect.gen(function* () {
    const run = Effect.runForkWith(yield* Effect.context())
    const flights = new Map<string, Fiber.Fiber<Recovery | void>>()

    // A renewal that were given up in the middle could lose the new token, while the old one is gone already.
    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => Effect.timeoutOption(Fiber.awaitAll(flights.values()), server.shutdownTimeout))
    )

    /** Joins what is under way under this name, or starts it. */
    const share = <A extends Recovery | void>(name: string, effect: Effect.Effect<A>): Promise<A> => {
      // A name stands for one kind of effect.
      const fiber = (flights.get(name) as Fiber.Fiber<A> | undefined) ?? run(effect)
      if (!flights.has(name)) {
        flights.set(name, fiber)
        fiber.addObserver(() => void flights.delete(name))
      }
      return Effect.runPromise(Fiber.join(fiber))
    }

    const recover = (refusal: Refusal) => {
      const used = refusal.used === undefined ? "" : Redacted.value(refusal.used)
      return share(`${refusal.status} ${refusal.challenge} ${used}`, authorizer.recover(refusal))
    }

    return (url, init) => {
      const attempt = (left: number): Promise<Response> => {
        const used = authorizer.token()
        return fetch(url, withToken(init, used)).then((response) => {
          const challenge = response.headers.get("www-authenticate")
          if (response.status !== 401 && !wantsMoreScope(response.status, challenge)) return response
          const recovered = recover({ status: response.status, challenge, used })
          return unlessAborted(recovered, init?.signal).then((recovery) => {
            if (recovery._tag === "Denied") return markDenied(response, recovery)
            if (left === 0) return markDenied(response, { denial: "LoginRefused", detail: "" })
            return (response.body?.cancel() ?? Promise.resolve()).then(() =>
              attempt(recovery.isNewToken ? 0 : left - 1)
            )
          })
        })
      }
      const due = authorizer.due()
      if (due === "no") return attempt(mostAttempts)
      const renewed = share("due", authorizer.renew)
      // While the token still lives, nobody waits for the next one.
      return due === "soon"
        ? attempt(mostAttempts)
        : unlessAborted(renewed, init?.signal).then(() => attempt(mostAttempts))
    }
  })

/** The promise, or a rejection as soon as the signal is aborted: the request has been given up, what it waits for goes on. */
const unlessAborted = <A>(promise: Promise<A>, signal: AbortSignal | null | undefined): Promise<A> => {
  if (signal == null) return promise
  return new Promise<A>((resolve, reject) => {
    const end = () => reject(signal.reason instanceof Error ? signal.reason : new Error("aborted"))
    if (signal.aborted) return end()
    signal.addEventListener("abort", end, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", end))
  })
}

const withToken = (init: RequestInit | undefined, token: Redacted.Redacted | undefined): RequestInit => {
  if (token === undefined) return init ?? {}
  const headers = new Headers(init?.headers)
  headers.set("authorization", `Bearer ${Redacted.value(token)}`)
  return { ...init, headers }
}
