/**
 * Chooses how a connection gets its credentials, from the options of its server.
 */
import { Effect, type FileSystem } from "effect"
import type { Fetch } from "../http/guardedFetch.ts"
import type { HttpOptions, ServerOptions } from "../ServerOptions.ts"
import type { TokenStoreUnusable } from "./authErrors.ts"
import type { Authorizer } from "./Authorizer.ts"
import { machineAuthorizer } from "./machineAuthorizer.ts"
import { isForMachines, oauthOptionsOf, usesOAuth } from "./OAuthOptions.ts"
import { personalAuthorizer } from "./personalAuthorizer.ts"

/** Makes the credentials of one connection; nothing where OAuth is turned off. */
export const makeAuthorizer = (
  server: ServerOptions,
  endpoint: HttpOptions,
  fetch: Fetch
): Effect.Effect<Authorizer | undefined, TokenStoreUnusable, FileSystem.FileSystem> => {
  if (!usesOAuth(endpoint)) return Effect.succeed(undefined)
  const options = oauthOptionsOf(endpoint)
  return isForMachines(options)
    ? machineAuthorizer(new URL(endpoint.url), options, fetch)
    : personalAuthorizer(server, new URL(endpoint.url), options, fetch)
}
