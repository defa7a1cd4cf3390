/**
 * The file that knows the MCP TypeScript SDK (its v2 client packages); only `auth/oauth.ts` knows another part of it, that
 * of OAuth. It turns their promises, classes and error codes into plain shapes; everything above keys on those.
 */
import {
  Client,
  fromJsonSchema,
  InsufficientScopeError,
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  type StandardSchemaV1,
  StreamableHTTPClientTransport,
  SUPPORTED_PROTOCOL_VERSIONS,
  UnsupportedProtocolVersionError
} from "@modelcontextprotocol/client"
import type { Failure, Negotiation, Session } from "./Session.ts"
import { passPrefix, RefusedByStatus, type RpcMessage, type Transport, WireFault } from "./wire.ts"

/** The largest delay of a timer; larger ones fire at once. */
const never = 2_147_483_647

/** Accepts any result, because the channel below has repaired what can be repaired. */
const anyResult: StandardSchemaV1<unknown, Readonly<Record<string, unknown>>> = {
  "~standard": {
    version: 1,
    vendor: "signalbox",
    // The channel lets no result through that is not an object.
    validate: (value: unknown) => ({ value: value as Readonly<Record<string, unknown>> })
  }
}

/** Who we say we are. */
const clientInfo = { name: "signalbox", version: "0.1.0" }

/** Whether this protocol revision of the `initialize` era is spoken. */
export const isKnownVersion = (version: string): boolean => SUPPORTED_PROTOCOL_VERSIONS.includes(version)

/** Shakes hands over a transport. Aborting the signal closes it. */
export const openSession = (
  transport: Transport,
  negotiation: Negotiation,
  capabilities: Readonly<Record<string, object>>,
  signal: AbortSignal
): Promise<Session> => {
  const client = new Client(clientInfo, {
    capabilities,
    versionNegotiation: {
      mode: negotiation === "2026-07-28" ? { pin: negotiation } : negotiation,
      probe: { timeoutMs: never }
    }
  })
  // Progress and stray messages are handled in the channel; without this the SDK reports each as an error.
  client.setNotificationHandler("notifications/progress", () => undefined)
  const close = () => {
    void client.close()
    void transport.close()
  }
  signal.addEventListener("abort", close, { once: true })
  // The two interfaces differ in how messages are typed and in nothing else.
  const connecting = client.connect(transport as unknown as Parameters<Client["connect"]>[0], {
    timeout: never,
    signal
  })
  return connecting.then(() => sessionOf(client)).finally(() => signal.removeEventListener("abort", close))
}

/** In the newest era these belong to an extension, which the SDK does not know. */
const ofTasks: ReadonlySet<string> = new Set(["tasks/cancel", "tasks/get", "tasks/update"])

const sessionOf = (client: Client): Session => {
  const server = client.getServerVersion()
  const era = client.getProtocolEra() ?? "legacy"
  return {
    handshake: {
      name: server?.name ?? "",
      version: server?.version ?? "",
      title: server?.title,
      protocolVersion: client.getNegotiatedProtocolVersion() ?? "",
      era,
      capabilities: { ...client.getServerCapabilities() },
      instructions: client.getInstructions()
    },
    request: (method, params, { headers, signal, timeoutMillis }) =>
      client.request(
        { method: era === "modern" && ofTasks.has(method) ? passPrefix + method : method, params },
        anyResult,
        {
          signal,
          timeout: Math.min(timeoutMillis ?? never, never),
          // Questions of the server come back as results, and are answered above.
          allowInputRequired: true,
          ...(headers === undefined ? {} : { headers })
        }
      ),
    listen: ({ resourceSubscriptions, ...lists }, signal) =>
      client.listen(
        {
          ...lists,
          ...(resourceSubscriptions === undefined ? {} : { resourceSubscriptions: [...resourceSubscriptions] })
        },
        { signal, timeout: never }
      ),
    close: () => client.close()
  }
}

/** The SDK's Streamable HTTP transport on a `fetch` of ours, and how to end its session. */
export const openHttp = (
  url: URL,
  headers: Readonly<Record<string, string>>,
  fetch: (url: string | URL, init?: RequestInit) => Promise<Response>
): { readonly transport: Transport; readonly terminate: () => Promise<void> } => {
  const transport = new StreamableHTTPClientTransport(url, { fetch, requestInit: { headers } })
  // As above: the interfaces differ in how messages are typed.
  return { transport: transport as unknown as Transport, terminate: () => transport.terminateSession() }
}

/** Checks values against a JSON Schema of any dialect that the SDK knows. Answers the first violation. */
export const compileSchema = (schema: Readonly<Record<string, unknown>>): ((value: unknown) => string | undefined) => {
  const standard = fromJsonSchema(schema)["~standard"]
  return (value) => {
    const checked = standard.validate(value)
    if (checked instanceof Promise || checked.issues === undefined) return undefined
    return checked.issues[0]?.message ?? "violated"
  }
}

const connectionCodes = (error: unknown): { readonly code: string | undefined; readonly reason: string } => {
  let current: unknown = error
  let reason = error instanceof Error ? error.message : String(error)
  for (let depth = 0; depth < 5 && current instanceof Error; depth++) {
    if (current.message !== "") reason = current.message
    const code: unknown = Reflect.get(current, "code")
    if (typeof code === "string" && !(current instanceof SdkError)) return { code, reason: `${reason} (${code})` }
    const inner: unknown = current instanceof AggregateError ? current.errors[0] : current.cause
    if (inner === undefined || inner === null) break
    current = inner
  }
  return { code: undefined, reason }
}

const faultIn = (error: unknown): WireFault | undefined => {
  if (error instanceof WireFault) return error
  if (error instanceof ProtocolError && error.data instanceof WireFault) return error.data
  return error instanceof Error && error.cause !== undefined ? faultIn(error.cause) : undefined
}

/** What a rejection means. */
export const failureOf = (error: unknown): Failure => {
  const fault = faultIn(error)
  if (fault !== undefined) return { _tag: "Wire", fault }
  if (error instanceof RefusedByStatus) return { _tag: "Http", status: error.status, text: error.text }
  if (error instanceof UnsupportedProtocolVersionError) return { _tag: "Version", offered: error.supported }
  if (error instanceof ProtocolError) return { _tag: "Rpc", code: error.code, message: error.message, data: error.data }
  if (error instanceof SdkHttpError) {
    const text: unknown = Reflect.get(error.data, "text")
    return { _tag: "Http", status: error.status, text: typeof text === "string" ? text : "" }
  }
  if (error instanceof SdkError) return sdkFailureOf(error)
  return otherFailureOf(error)
}

const otherFailureOf = (error: unknown): Failure => {
  // The SDK would ask for more by itself if it had the login.
  if (error instanceof InsufficientScopeError) return { _tag: "Http", status: 403, text: error.errorDescription ?? "" }
  if (error instanceof SyntaxError) return { _tag: "Unusable", reason: `broken JSON (${error.message})` }
  return { _tag: "Network", ...connectionCodes(error) }
}

/** What an error answer means that did not come through the SDK. */
export const rpcFailure = ({ code, data, message }: NonNullable<RpcMessage["error"]>): Failure =>
  data instanceof WireFault ? { _tag: "Wire", fault: data } : { _tag: "Rpc", code, message, data }

const sdkFailureOf = (error: SdkError): Failure => {
  switch (error.code) {
    case SdkErrorCode.ConnectionClosed:
    case SdkErrorCode.NotConnected:
      return { _tag: "Closed" }
    case SdkErrorCode.RequestTimeout:
      return { _tag: "Timeout" }
    case SdkErrorCode.InvalidResult:
    case SdkErrorCode.UnsupportedResultType:
    case SdkErrorCode.InputRequiredRoundsExceeded:
    case SdkErrorCode.CapabilityNotSupported:
      return { _tag: "InvalidResult", reason: error.message.replace(/\.$/, "") }
    case SdkErrorCode.ClientHttpUnexpectedContent:
      return { _tag: "Unusable", reason: error.message }
    case SdkErrorCode.EraNegotiationFailed:
      return error.cause === undefined ? { _tag: "Version", offered: [] } : failureOf(error.cause)
    default:
      return { _tag: "Network", ...connectionCodes(error) }
  }
}
