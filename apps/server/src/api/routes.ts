/**
 * All routes that speak a model API, and the answer where there is none: in the envelope of the API whose path it is like.
 */
import { encodeOpenAiError } from "@signalbox/provider-openai/serve"
import { Effect, Layer } from "effect"
import { RouteNotFound } from "../errors.ts"
import { unknownRoutes } from "../unknownRoutes.ts"
import { CountTokensRoutes } from "./countTokens.ts"
import { atEdge, type SayFailure } from "./edge.ts"
import { LivenessRoutes } from "./liveness.ts"
import { MessagesRoutes } from "./messages.ts"
import { messagesDialect } from "./messagesDialect.ts"
import { ModelsRoutes } from "./models.ts"
import { OpenAiRoutes } from "./openAi.ts"
import { ChatSocketRoute } from "../ws/ChatSocket.ts"

const isOpenAi = /^\/v1\/(chat|responses|completions|embeddings)(\/|$)/

/** How the API of a path says that something failed. */
const failureFor = (path: string): SayFailure => (isOpenAi.test(path) ? encodeOpenAiError : messagesDialect.failure)

const NotFound = unknownRoutes((request, route) =>
  atEdge(request, failureFor(route.path), () => Effect.fail(new RouteNotFound(route)))
)

/** The routes. */
export const ModelRoutes = Layer.mergeAll(
  MessagesRoutes,
  CountTokensRoutes,
  OpenAiRoutes,
  ModelsRoutes,
  LivenessRoutes,
  ChatSocketRoute,
  NotFound
)
