/**
 * For programs in which a person is there to log in: does something with a server, and when it wants a login, or a wider
 * one, gets it and does it again.
 */
import { Effect } from "effect"
import type { ServerOptions } from "../ServerOptions.ts"
import { AuthorizationRequired } from "../connectErrors.ts"
import type { AuthorizationPrompt } from "./AuthorizationPrompt.ts"
import { authorize } from "./authorize.ts"

/** After so many logins more will not help (MCP authorization, "Scope Challenge Handling": retries are limited). */
const mostLogins = 3

/**
 * Runs an effect, such as `connect` or a tool call, and again after each login that it wants; at most three logins, then
 * its `AuthorizationRequired` stands. Only a login that a person can help with is asked for.
 */
export const authorizing =
  (server: ServerOptions, prompt: AuthorizationPrompt) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) => {
    const attempt = (left: number): Effect.Effect<A, E | Effect.Error<ReturnType<typeof authorize>>, R> =>
      Effect.catch(effect, (error) => {
        const isOver = left === 0 || !(error instanceof AuthorizationRequired) || !isForPeople(error)
        if (isOver) return Effect.fail(error)
        return Effect.andThen(authorize(server, prompt, error.challenge), attempt(left - 1))
      })
    return attempt(mostLogins)
  }

const isForPeople = ({ denial }: AuthorizationRequired): boolean =>
  denial === "NoLogin" || denial === "LoginRefused" || denial === "ScopeMissing"
