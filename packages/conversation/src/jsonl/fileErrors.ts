/** What the file system says, in the words of a store. */
import { type PlatformError, Predicate } from "effect"
import { HistoryUnavailable, StorageFull } from "../events/errors.ts"

/** No space, or no more of it for this user. The platform's own error has no name for either. */
const fullCodes = new Set<unknown>(["ENOSPC", "EDQUOT", "EFBIG"])

const codeBehind = (error: PlatformError.PlatformError): unknown => {
  const cause = "cause" in error.reason ? error.reason.cause : undefined
  return Predicate.hasProperty(cause, "code") ? cause.code : undefined
}

/** The error of a store for one of the platform. */
export const fileError =
  (file: string) =>
  (error: PlatformError.PlatformError): StorageFull | HistoryUnavailable =>
    fullCodes.has(codeBehind(error))
      ? new StorageFull({ file, cause: error })
      : new HistoryUnavailable({ file, reason: error.message, cause: error })

/** Whether there is no such file. */
export const isMissing = (error: PlatformError.PlatformError): boolean => error.reason._tag === "NotFound"
