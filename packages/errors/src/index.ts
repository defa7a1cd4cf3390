// Defining errors
export { type AnthropicErrorType, type ErrorStatus, exitCodes, statuses } from "./status.ts"
export {
  defineError,
  type DefinedError,
  type ErrorClass,
  type ErrorDefinition,
  isSignalboxError,
  type SignalboxError
} from "./defineError.ts"
export { duplicateCodes, errorTable, type ErrorTableRow } from "./errorTable.ts"

// Reading errors
export { codeOf, type ErrorJson, statusOf, toJson } from "./toJson.ts"

// Edges
export { exitCodeOf, OperationStatus, type Outcome, outcomeOf, OutcomeOf, toOutcome } from "./Outcome.ts"
export { correlate, CorrelationId, makeCorrelationId, parseCorrelationId, withCorrelationId } from "./CorrelationId.ts"
export { isSecretKey, redact, redactText } from "./redact.ts"
export { fileTrouble } from "./fileTrouble.ts"
