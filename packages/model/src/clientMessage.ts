/**
 * What a client of a model API may read of a failure. Where an upstream is found is its operator's business: a private
 * host stays in the log, and clients know it by its name in the configuration.
 */
import { isSignalboxError, toJson } from "@signalbox/errors"
import {
  ModelRequestRejected,
  ProviderCircuitOpen,
  ProviderInvalidResponse,
  ProviderUnreachable,
  circuitOpenMessage
} from "./errors.ts"

/** What the system says of a connection, without the address that it says it of: `ECONNREFUSED`. */
const systemCode = /\b(?:E[A-Z]{3,}|UND_ERR_[A-Z_]+|[A-Z_]*CERT[A-Z_]*)\b/

const addresses = /\bhttps?:\/\/[^\s"'<>]+/g

/** Whether an error says more to its operator than a client is told: it belongs in the log. */
export const isToldInPart = (error: unknown): boolean =>
  error instanceof ProviderUnreachable || error instanceof ProviderInvalidResponse

/** The message. Foreign errors stay unnamed. */
export const clientMessage = (error: unknown): string => {
  // Coding agents act on the texts of the upstream.
  if (error instanceof ModelRequestRejected) return error.reason
  if (error instanceof ProviderUnreachable) {
    const code = systemCode.exec(error.reason)?.[0]
    return `${error.provider} cannot be reached${code === undefined ? "" : ` (${code})`}.`
  }
  if (error instanceof ProviderInvalidResponse) return toJson(error).message.replace(addresses, "…")
  if (error instanceof ProviderCircuitOpen) {
    const { cause, provider, reason } = error
    const lastFailure = isSignalboxError(cause) ? { code: cause.code, message: clientMessage(cause) } : undefined
    return circuitOpenMessage({ provider, reason, ...(lastFailure === undefined ? {} : { lastFailure }) })
  }
  return isSignalboxError(error) ? toJson(error).message : "Internal server error"
}
