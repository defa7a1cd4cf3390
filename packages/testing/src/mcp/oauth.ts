/**
 * fx-mcp as a protected resource and, in the same process, its authorization server: it registers everybody, agrees to every
 * login at once, and forgets all tokens when it ends. `POST /expire` makes every access token invalid.
 */
import { createHash, randomUUID } from "node:crypto"
import type { IncomingMessage, ServerResponse } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"
import { readBody, readJson } from "./HttpExchange.ts"
import type { McpServer } from "./McpServer.ts"
import { asObject } from "./protocol.ts"

/** A machine client that is known from the start; every other one registers. */
export const knownClient = { id: "fx-client", secret: "fx-client-secret" } as const

interface Client {
  readonly secret: string | undefined
  readonly redirectUris: ReadonlyArray<string>
}

interface Grant {
  readonly clientId: string
  readonly scope: string
}

interface Code extends Grant {
  readonly challenge: string
  readonly redirectUri: string
}

const metadataPath = "/.well-known/oauth-protected-resource"
const baseScope = "tools"

/** Answers everything around logins, and says whether a request to the resource may pass. */
export const makeOAuth = ({ flags, log }: McpServer, path: string) => {
  const clients = new Map<string, Client>([[knownClient.id, { secret: knownClient.secret, redirectUris: [] }]])
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

  const metadata = (origin: string) => ({
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    ...(flags.noRegistration ? {} : { registration_endpoint: `${origin}/register` }),
    response_types_supported: ["code"],
    grant_types_supported: ["authorization_code", "refresh_token", "client_credentials"],
    code_challenge_methods_supported: ["S256"],
    token_endpoint_auth_methods_supported: ["none", "client_secret_basic", "client_secret_post"],
    authorization_response_iss_parameter_supported: true
  })

  const register = async (incoming: IncomingMessage, response: ServerResponse) => {
    const asked = asObject(readJson(await readBody(incoming)))
    const id = `client-${randomUUID()}`
    const uris = Array.isArray(asked["redirect_uris"]) ? asked["redirect_uris"].map(String) : []
    clients.set(id, { secret: undefined, redirectUris: uris })
    log("oauth", { method: "register", outcome: id })
    sendJson(response, 201, { ...asked, client_id: id, token_endpoint_auth_method: "none" })
  }

  const login = (origin: string, asked: URLSearchParams, response: ServerResponse) => {
    const clientId = asked.get("client_id") ?? ""
    const redirectUri = asked.get("redirect_uri") ?? ""
    const client = clients.get(clientId)
    const isKnown = client !== undefined && (clientId === knownClient.id || client.redirectUris.includes(redirectUri))
    const challenge = asked.get("code_challenge")
    const isOurs = asked.get("resource") === `${origin}${path}`
    if (!isKnown || challenge === null || asked.get("code_challenge_method") !== "S256" || !isOurs)
      return sendJson(response, 400, { error: "invalid_request" })
    const scope = asked.get("scope") ?? baseScope
    log("oauth", { method: "authorize", outcome: scope })
    const target = new URL(redirectUri)
    target.searchParams.set("state", asked.get("state") ?? "")
    target.searchParams.set("iss", flags.wrongIss ? "https://attacker.example" : origin)
    if (flags.denyLogin) {
      target.searchParams.set("error", "access_denied")
    } else {
      const code = `fx-code-${randomUUID()}`
      codes.set(code, { clientId, scope, challenge, redirectUri })
      target.searchParams.set("code", code)
    }
    response.writeHead(302, { location: target.href }).end()
  }

  /** The tokens for a request, or the error that answers it. What was sent is repeated there, as careless servers do. */
  const grantFor = (asked: URLSearchParams, clientId: string): object | string => {
    switch (asked.get("grant_type")) {
      case "authorization_code": {
        const code = codes.get(asked.get("code") ?? "")
        codes.delete(asked.get("code") ?? "")
        const proof = createHash("sha256")
          .update(asked.get("code_verifier") ?? "")
          .digest("base64url")
        const isGood =
          code?.clientId === clientId && code.challenge === proof && code.redirectUri === asked.get("redirect_uri")
        return isGood ? issue(code, true) : "invalid_grant"
      }
      case "refresh_token": {
        const token = asked.get("refresh_token") ?? ""
        const grant = refreshTokens.get(token)
        if (grant?.clientId !== clientId || flags.refuseRefresh) return "invalid_grant"
        refreshTokens.delete(token)
        return issue(grant, true)
      }
      case "client_credentials":
        return clientId === knownClient.id
          ? issue({ clientId, scope: asked.get("scope") ?? baseScope }, false)
          : "unauthorized_client"
      default:
        return "unsupported_grant_type"
    }
  }

  const token = async (incoming: IncomingMessage, response: ServerResponse) => {
    const asked = new URLSearchParams(await readBody(incoming))
    const method = asked.get("grant_type") ?? "none"
    log("oauth", { method, outcome: "asked" })
    if (flags.tokenDelay !== undefined) await sleep(flags.tokenDelay)
    const clientId = clientOf(incoming, asked, clients)
    const answer = clientId === undefined ? "invalid_client" : grantFor(asked, clientId)
    log("oauth", { method, outcome: typeof answer === "string" ? answer : "granted" })
    if (typeof answer !== "string") return sendJson(response, 200, answer)
    sendJson(response, answer === "invalid_client" ? 401 : 400, {
      error: answer,
      error_description: `Refused: ${asked.toString()}`
    })
  }

  /** Answers a request that is not for the resource; false where it is. */
  const serve = (incoming: IncomingMessage, response: ServerResponse): boolean => {
    const origin = `http://${incoming.headers.host}`
    const url = new URL(incoming.url ?? "/", origin)
    const fail = (cause: unknown) => void response.destroy(cause instanceof Error ? cause : undefined)
    switch (`${incoming.method} ${url.pathname}`) {
      case `GET ${metadataPath}${path}`:
        sendJson(response, 200, {
          resource: `${origin}${path}`,
          authorization_servers: [origin],
          scopes_supported: [baseScope]
        })
        return true
      case "GET /.well-known/oauth-authorization-server":
        sendJson(response, 200, metadata(origin))
        return true
      case "POST /register":
        register(incoming, response).catch(fail)
        return true
      case "GET /authorize":
        login(origin, url.searchParams, response)
        return true
      case "POST /token":
        token(incoming, response).catch(fail)
        return true
      case "POST /expire":
        accessTokens.clear()
        response.writeHead(204).end()
        return true
      default:
        return false
    }
  }

  const refuse = (incoming: IncomingMessage, response: ServerResponse, status: number, error: string) => {
    log("oauth", { method: "resource", outcome: String(status) })
    const place = `resource_metadata="http://${incoming.headers.host}${metadataPath}${path}"`
    response.writeHead(status, { "www-authenticate": `Bearer ${error}${place}`, "content-type": "application/json" })
    response.end(JSON.stringify({ error: status === 403 ? "insufficient_scope" : "invalid_token" }))
  }

  /** The grant of a request to the resource, or nothing after it was refused. */
  const admit = (incoming: IncomingMessage, response: ServerResponse): Grant | undefined => {
    const [, presented = ""] = /^Bearer (.+)$/.exec(incoming.headers.authorization ?? "") ?? []
    const grant = accessTokens.get(presented)
    if (grant !== undefined && grant.expires > performance.now()) return grant
    refuse(incoming, response, 401, presented === "" ? "" : 'error="invalid_token", ')
    return undefined
  }

  /** Whether a grant allows a tool; the request is refused where it does not. */
  const admitTool = (grant: Grant, tool: string, incoming: IncomingMessage, response: ServerResponse): boolean => {
    const scope = `tools:${tool}`
    if (flags.scopedTool !== tool || grant.scope.split(" ").includes(scope)) return true
    refuse(incoming, response, 403, `error="insufficient_scope", scope="${scope}", `)
    return false
  }

  return { serve, admit, admitTool }
}

/** What guards the resource. */
export type OAuth = ReturnType<typeof makeOAuth>

/** The client that a token request comes from, if it proves to be one. */
const clientOf = (
  { headers }: IncomingMessage,
  asked: URLSearchParams,
  clients: ReadonlyMap<string, Client>
): string | undefined => {
  const [, basic] = /^Basic (.+)$/.exec(headers.authorization ?? "") ?? []
  const [basicId = "", basicSecret] = Buffer.from(basic ?? "", "base64")
    .toString("utf8")
    .split(":")
  const id = asked.get("client_id") ?? basicId
  const secret = asked.get("client_secret") ?? basicSecret
  const client = clients.get(id)
  return client !== undefined && client.secret === secret ? id : undefined
}

const sendJson = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" })
  response.end(JSON.stringify(body))
}
