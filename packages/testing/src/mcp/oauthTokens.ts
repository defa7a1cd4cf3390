/**
 * What the authorization server of fx-mcp has given out: clients, codes, and tokens that are renewed once each.
 */
import { createHash, randomUUID } from "node:crypto"
import type { ParsedFlags } from "./flags.ts"

/** A machine client that is known from the start; every other one registers. */
export const knownClient = { id: "fx-client", secret: "fx-client-secret" } as const

/** Who may do what. */
export interface Grant {
  readonly clientId: string
  readonly scope: string
}

/** What a browser was sent back with. */
interface Code extends Grant {
  readonly challenge: string
  readonly redirectUri: string
}

/** Makes the memory of one authorization server. */
export const makeTokens = (flags: ParsedFlags) => {
  const codes = new Map<string, Code>()
  const refreshTokens = new Map<string, Grant>()
  const accessTokens = new Map<string, Grant & { readonly expires: number }>()
  const lifeMillis = flags.tokenLife ?? 3_600_000

  const issue = (grant: Grant, isRenewable: boolean) => {
    const access = `fx-access-${randomUUID()}`
    accessTokens.set(access, { ...grant, expires: performance.now() + lifeMillis })
    const refresh = `fx-refresh-${randomUUID()}`
    if (isRenewable) refreshTokens.set(refresh, grant)
    return {
      access_token: access,
      token_type: "Bearer",
      expires_in: lifeMillis / 1000,
      scope: grant.scope,
      ...(isRenewable ? { refresh_token: refresh } : {})
    }
  }

  const redeem = (asked: URLSearchParams, clientId: string) => {
    const name = asked.get("code") ?? ""
    const code = codes.get(name)
    codes.delete(name)
    const proof = createHash("sha256")
      .update(asked.get("code_verifier") ?? "")
      .digest("base64url")
    const isGood =
      code?.clientId === clientId && code.challenge === proof && code.redirectUri === asked.get("redirect_uri")
    return isGood ? issue(code, true) : "invalid_grant"
  }

  const renew = (asked: URLSearchParams, clientId: string) => {
    const token = asked.get("refresh_token") ?? ""
    const grant = refreshTokens.get(token)
    if (grant?.clientId !== clientId || flags.refuseRefresh) return "invalid_grant"
    refreshTokens.delete(token)
    return issue(grant, true)
  }

  const giveMachine = (asked: URLSearchParams, clientId: string) =>
    clientId === knownClient.id
      ? issue({ clientId, scope: asked.get("scope") ?? "tools" }, false)
      : "unauthorized_client"

  return {
    /** A code for a grant. */
    addCode: (code: Code): string => {
      const name = `fx-code-${randomUUID()}`
      codes.set(name, code)
      return name
    },
    /** The tokens that a request gets, or the error that answers it. */
    give: (asked: URLSearchParams, clientId: string): object | string => {
      switch (asked.get("grant_type")) {
        case "authorization_code":
          return redeem(asked, clientId)
        case "refresh_token":
          return renew(asked, clientId)
        case "client_credentials":
          return giveMachine(asked, clientId)
        default:
          return "unsupported_grant_type"
      }
    },
    /** What an access token allows; nothing when it has ended. */
    grantOf: (access: string): Grant | undefined => {
      const grant = accessTokens.get(access)
      return grant !== undefined && grant.expires > performance.now() ? grant : undefined
    },
    /** Ends one token. */
    revoke: (token: string): void => {
      refreshTokens.delete(token)
      accessTokens.delete(token)
    },
    /** Ends every access token. */
    expire: () => accessTokens.clear()
  }
}
