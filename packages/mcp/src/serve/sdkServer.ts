/**
 * What is served as a server of the MCP TypeScript SDK, which speaks both eras of the protocol from one description. Promises
 * and their signals become fibers here.
 */
import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  inputRequired,
  type InputRequiredResult,
  type CallToolResult,
  type ListToolsResult,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type ServerContext
} from "@modelcontextprotocol/server"
import { Effect, Predicate } from "effect"
import type { ServedAnswer, ServedCall, ServedResult, ServedTools } from "./ServedTools.ts"

/** The key of our one question in the answers of a client. */
const question = "approval"

const resultOf = ({ content, isError, structuredContent }: ServedResult): CallToolResult =>
  // Blocks of content are what the protocol says they are: whoever serves makes them so.
  ({
    content: [...content],
    isError,
    ...(structuredContent === undefined ? {} : { structuredContent })
  }) as CallToolResult

const canAsk = (server: Server, { mcpReq }: ServerContext): boolean => {
  // In the newest era each request says what its client can.
  const told: unknown = Reflect.get(mcpReq.envelope ?? {}, CLIENT_CAPABILITIES_META_KEY)
  return Predicate.hasProperty(told ?? server.getClientCapabilities(), "elicitation")
}

const asking = (text: string): InputRequiredResult =>
  inputRequired({
    inputRequests: {
      [question]: inputRequired.elicit({
        message: text,
        requestedSchema: {
          type: "object",
          properties: { approve: { type: "boolean", title: "Run it", description: "Whether the call may run" } },
          required: ["approve"]
        }
      })
    }
  })

/** What the person said, where the client has asked. */
const approvalIn = ({ mcpReq }: ServerContext): boolean | undefined => {
  if (mcpReq.inputResponses === undefined || !(question in mcpReq.inputResponses)) return undefined
  return acceptedContent(mcpReq.inputResponses, question)?.["approve"] === true
}

const progressTo =
  ({ mcpReq }: ServerContext): ServedCall["progress"] =>
  (update) => {
    const progressToken = mcpReq._meta?.progressToken
    if (progressToken === undefined) return Effect.void
    // A client that is gone needs no progress.
    return Effect.ignore(
      Effect.tryPromise(() => mcpReq.notify({ method: "notifications/progress", params: { ...update, progressToken } }))
    )
  }

type Run = <A>(effect: Effect.Effect<A>, options: { readonly signal: AbortSignal }) => Promise<A>

const answer = (server: Server, context: ServerContext, served: ServedAnswer): CallToolResult | InputRequiredResult => {
  if (served._tag === "Unknown") throw new ProtocolError(ProtocolErrorCode.InvalidParams, served.message)
  if (served._tag === "Result") return resultOf(served)
  return canAsk(server, context) ? asking(served.question) : resultOf(served.otherwise)
}

/** A server of the SDK for one connection, or one request. `run` runs what its handlers do. */
export const makeServer = ({ call, instructions, list, name, version }: ServedTools, run: Run): Server => {
  const server = new Server({ name, version }, { capabilities: { tools: { listChanged: true } }, instructions })
  server.setRequestHandler("tools/list", (_, { mcpReq }) =>
    run(
      // Schemas are objects by the contract of what is served.
      Effect.map(list, (tools) => ({ tools: [...tools] }) as ListToolsResult),
      { signal: mcpReq.signal }
    )
  )
  server.setRequestHandler("tools/call", ({ params }, context) =>
    run(
      call({
        name: params.name,
        input: params.arguments ?? {},
        isApproved: approvalIn(context),
        progress: progressTo(context)
      }),
      { signal: context.mcpReq.signal }
    ).then((served) => answer(server, context, served))
  )
  return server
}
