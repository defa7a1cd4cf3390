/**
 * The credentials of a connection that a machine logs in for (RFC 6749, 4.4; RFC 7523, 2.1). Its tokens are quickly had again, so
 * they are kept in memory alone.
 */
import { Clock, Effect, FileSystem, Redacted } from "effect"
import type { Fetch } from "../http/guardedFetch.ts"
import { type Authorizer, denied, type Recovery, type Refusal, repeat } from "./Authorizer.ts"
import { type Challenge, readChallenge } from "./challenge.ts"
import { dueOf, isSameIssuer, isSameToken, joinScopes, type OAuthClient, type Tokens } from "./Login.ts"
import { discover, machineToken, type OAuthFault } from "./oauth.ts"
import type { OAuthOptions } from "./OAuthOptions.ts"

/** How often more scope is asked for before it is taken that it does not help. */
const mostStepUps = 3

/** Makes the credentials; nothing is asked for before the server refuses a request. */
export const machineAuthorizer = (url: URL, options: OAuthOptions, fetch: Fetch) =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const fs = yield* FileSystem.FileSystem
    const client = clientOf(options)
    const configured = options.scopes === undefined ? undefined : joinScopes(...options.scopes)
    let tokens: Tokens | undefined
    let resourceMetadata: URL | undefined
    let stepUps = 0

    const obtain = Effect.fnUntraced(function* (wanted: string | undefined) {
      const { issuer, scopesOffered } = yield* discover(url, resourceMetadata, fetch)
      if (options.issuer !== undefined && !isSameIssuer(options.issuer, issuer.issuer))
        return yield* Effect.fail(otherIssuer(issuer.issuer))
      const scope = wanted ?? scopesOffered?.join(" ")
      const assertion = yield* readAssertion(fs, options)
      tokens = yield* machineToken(issuer, client, { scope, privateKey: options.privateKey, assertion }, fetch)
    })

    const get = (scope: string | undefined, { resourceMetadata: place }: Challenge): Effect.Effect<Recovery> => {
      resourceMetadata = place ?? resourceMetadata
      return Effect.match(obtain(scope), {
        onSuccess: () => repeat(true),
        onFailure: ({ _tag, reason }) => denied(_tag === "Refused" ? "ClientRefused" : "RenewalFailed", reason)
      })
    }

    /** What was granted, and what is missing. */
    const stepUp = (asked: Challenge): Effect.Effect<Recovery> => {
      const scope = joinScopes(tokens?.scope, asked.scope)
      if (scope === joinScopes(tokens?.scope) || stepUps >= mostStepUps)
        return Effect.succeed(denied("ScopeMissing", asked.scope))
      stepUps += 1
      return get(scope, asked)
    }

    const recover = ({ challenge, status, used }: Refusal): Effect.Effect<Recovery> => {
      if (tokens !== undefined && !isSameToken(tokens.access, used)) return Effect.succeed(repeat(false))
      const asked = readChallenge(challenge)
      return status === 403 ? stepUp(asked) : get(joinScopes(configured ?? asked.scope, tokens?.scope), asked)
    }

    return {
      token: () => tokens?.access,
      due: () => (tokens === undefined ? "no" : dueOf(tokens, clock.currentTimeMillisUnsafe())),
      // The old token may still do; when it does not, the refusal leads to another attempt.
      renew: Effect.suspend(() => Effect.ignore(obtain(tokens?.scope))),
      recover
    } satisfies Authorizer
  })

const readAssertion = (fs: FileSystem.FileSystem, { assertionFile, grant }: OAuthOptions) => {
  if (grant !== "jwt_bearer") return Effect.undefined
  return Effect.mapBoth(fs.readFileString(assertionFile ?? ""), {
    onSuccess: (text) => Redacted.make(text.trim()),
    onFailure: ({ message }): OAuthFault => ({
      _tag: "Unreachable",
      reason: `the assertion cannot be read, ${message}`,
      code: undefined
    })
  })
}

const clientOf = ({ clientId, clientSecret }: OAuthOptions): OAuthClient => ({
  id: clientId ?? "",
  ...(clientSecret === undefined ? {} : { secret: clientSecret }),
  origin: "configured"
})

const otherIssuer = (issuer: string): OAuthFault => ({
  _tag: "Refused",
  reason: `the server names ${issuer} as its authorization server`,
  code: undefined
})
