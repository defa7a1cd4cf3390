/**
 * `POST /v1/chat/completions` and `POST /v1/responses`.
 */
import { Layer } from "effect"
import { modelRoute } from "./modelRoute.ts"
import { chatDialect, responsesDialect } from "./openAiDialects.ts"

/** The routes. */
export const OpenAiRoutes = Layer.merge(
  modelRoute("/v1/chat/completions", chatDialect),
  modelRoute("/v1/responses", responsesDialect)
)
