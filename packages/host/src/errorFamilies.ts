/**
 * All error classes of Signalbox in one list: what `signalbox errors list` prints. Codes are unique over all of it.
 */
import { conversationErrors } from "@signalbox/conversation"
import type { ErrorClass } from "@signalbox/errors"
import { mcpErrors } from "@signalbox/mcp"
import { modelErrors } from "@signalbox/model"
import { orchestratorErrors } from "@signalbox/orchestrator"
import { resilienceErrors } from "@signalbox/resilience"
import { toolsErrors } from "@signalbox/tools"
import { hostErrors } from "./errors.ts"

/** The error classes of all packages up to this one: the rows of `signalbox errors list`. */
export const errorFamilies: ReadonlyArray<ErrorClass> = [
  ...resilienceErrors,
  ...modelErrors,
  ...mcpErrors,
  ...orchestratorErrors,
  ...toolsErrors,
  ...conversationErrors,
  ...hostErrors
]
