/**
 * fx-mcp as a protected resource and, in the same process, its authorization server: it registers everybody, agrees to every
 * login at once, and forgets all tokens when it ends. `POST /expire` makes every access token invalid.
 */
import { randomUUID } from "node:crypto"
import type { IncomingMessage, ServerResponse } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"
import { readBody, readJson } from "./HttpExchange.ts"
import type { McpServer } from "./McpServer.ts"
import { knownClient, makeTokens } from "./oauthTokens.ts"
import { asObject, type Json } from "./protocol.ts"

interface Client {
  readonly secret: string | undefined
  readonly redirectUris: ReadonlyArray<string>
}

const metadataPath = "/.well-known/oauth-protected-resource"

/** Answers everything around logins, and says whether a request to the resource may pass. */
export const makeOAuth = ({ flags, log }: McpServer, path: string) => {
  const clients = new Map<string, Client>([[knownClient.id, { secret: knownClient.secret, redirectUris: [] }]])
  const tokens = makeTokens(flags)

  const metadata = (origin: string) => ({
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    revocation_endpoint: `${origin}/revoke`,
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

  /** What must be right in a login request, all of it. */
  const isAllowed = (origin: string, asked: URLSearchParams): boolean => {
    const client = clients.get(asked.get("client_id") ?? "")
    const isKnown = asked.get("client_id") === knownClient.id
    return (
      client !== undefined &&
      (isKnown || client.redirectUris.includes(asked.get("redirect_uri") ?? "")) &&
      asked.has("code_challenge") &&
      asked.get("code_challenge_method") === "S256" &&
      asked.get("resource") === `${origin}${path}`
    )
  }

  const login = (origin: string, asked: URLSearchParams, response: ServerResponse) => {
    if (!isAllowed(origin, asked)) return sendJson(response, 400, { error: "invalid_request" })
    const of = (name: string) => asked.get(name) ?? ""
    const scope = asked.get("scope") ?? "tools"
    log("oauth", { method: "authorize", outcome: scope })
    const target = new URL(of("redirect_uri"))
    target.searchParams.set("state", of("state"))
    target.searchParams.set("iss", flags.wrongIss ? "https://attacker.example" : origin)
    const code = { clientId: of("client_id"), scope, challenge: of("code_challenge"), redirectUri: of("redirect_uri") }
    if (flags.denyLogin) target.searchParams.set("error", "access_denied")
    else target.searchParams.set("code", tokens.addCode(code))
    response.writeHead(302, { location: target.href }).end()
  }

  /** An error repeats what was sent, as careless servers do. */
  const token = async (incoming: IncomingMessage, response: ServerResponse) => {
    const asked = new URLSearchParams(await readBody(incoming))
    const method = asked.get("grant_type") ?? "none"
    log("oauth", { method, outcome: "asked" })
    if (flags.refreshDelay !== undefined && method === "refresh_token") await sleep(flags.refreshDelay)
    const clientId = clientOf(incoming, asked, clients)
    const answer = clientId === undefined ? "invalid_client" : tokens.give(asked, clientId)
    log("oauth", { method, outcome: typeof answer === "string" ? answer : "granted" })
    if (typeof answer !== "string") return sendJson(response, 200, answer)
    const status = answer === "invalid_client" ? 401 : 400
    sendJson(response, status, { error: answer, error_description: `Refused: ${asked.toString()}` })
  }

  const endpoints: Readonly<Record<string, (incoming: IncomingMessage, response: ServerResponse) => unknown>> = {
    [`GET ${metadataPath}${path}`]: (incoming, response) => {
      const origin = originOf(incoming)
      const resource = { resource: `${origin}${path}`, authorization_servers: [origin], scopes_supported: ["tools"] }
      sendJson(response, 200, resource)
    },
    "GET /.well-known/oauth-authorization-server": (incoming, response) =>
      sendJson(response, 200, metadata(originOf(incoming))),
    "POST /register": register,
    "GET /authorize": (incoming, response) => login(originOf(incoming), urlOf(incoming).searchParams, response),
    "POST /token": token,
    "POST /revoke": async (incoming, response) => {
      const asked = new URLSearchParams(await readBody(incoming))
      const isKnown = clientOf(incoming, asked, clients) !== undefined
      if (isKnown) tokens.revoke(asked.get("token") ?? "")
      log("oauth", { method: "revoke", outcome: isKnown ? (asked.get("token_type_hint") ?? "") : "refused" })
      response.writeHead(isKnown ? 200 : 401).end()
    },
    "POST /expire": (_incoming, response) => {
      tokens.expire()
      response.writeHead(204).end()
    }
  }

  const refuse = (incoming: IncomingMessage, response: ServerResponse, status: number, error: string) => {
    log("oauth", { method: "resource", outcome: String(status) })
    const place = `resource_metadata="${originOf(incoming)}${metadataPath}${path}"`
    response.writeHead(status, { "www-authenticate": `Bearer ${error}${place}`, "content-type": "application/json" })
    response.end(JSON.stringify({ error: status === 403 ? "insufficient_scope" : "invalid_token" }))
    return false
  }

  return {
    /** Answers a request that is not for the resource; false where it is. */
    serve: (incoming: IncomingMessage, response: ServerResponse): boolean => {
      const endpoint = endpoints[`${incoming.method} ${urlOf(incoming).pathname}`]
      if (endpoint === undefined) return false
      Promise.resolve(endpoint(incoming, response)).catch((cause: unknown) =>
        response.destroy(cause instanceof Error ? cause : undefined)
      )
      return true
    },
    /** Whether a request may pass; it has been refused where it may not. */
    admits: (incoming: IncomingMessage, response: ServerResponse): boolean => {
      const presented = tokenOf(incoming)
      if (tokens.grantOf(presented) !== undefined) return true
      return refuse(incoming, response, 401, presented === "" ? "" : 'error="invalid_token", ')
    },
    /** Whether the token of a message allows the tool that it calls. */
    admitsCall: (message: Json, incoming: IncomingMessage, response: ServerResponse): boolean => {
      const scope = scopeOf(message, flags.scopedTool)
      const granted = tokens.grantOf(tokenOf(incoming))?.scope.split(" ") ?? []
      if (scope === undefined || granted.includes(scope)) return true
      return refuse(incoming, response, 403, `error="insufficient_scope", scope="${scope}", `)
    }
  }
}

const tokenOf = ({ headers }: IncomingMessage): string => /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? ""

/** The scope that a call of the one tool wants which has its own. */
const scopeOf = ({ method, params }: Json, scopedTool: string | undefined): string | undefined =>
  method === "tools/call" && scopedTool !== undefined && asObject(params)["name"] === scopedTool
    ? `tools:${scopedTool}`
    : undefined

const originOf = ({ headers }: IncomingMessage): string => `http://${headers.host}`

const urlOf = (incoming: IncomingMessage): URL => new URL(incoming.url ?? "/", originOf(incoming))

/** The client that a token request comes from, if it proves to be one. */
const clientOf = (
  { headers }: IncomingMessage,
  asked: URLSearchParams,
  clients: ReadonlyMap<string, Client>
): string | undefined => {
  const [, basic = ""] = /^Basic (.+)$/.exec(headers.authorization ?? "") ?? []
  const [basicId = "", basicSecret] = Buffer.from(basic, "base64").toString("utf8").split(":")
  const id = asked.get("client_id") ?? basicId
  const client = clients.get(id)
  return client !== undefined && client.secret === (asked.get("client_secret") ?? basicSecret) ? id : undefined
}

const sendJson = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" })
  response.end(JSON.stringify(body))
}
