/** Why a file cannot be used, in words for a person: what the platform says names a method, and not what to do. */
import { type PlatformError, Predicate } from "effect"

/** The reasons that a person can do something about, by the codes of the system. */
const words: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "this user may not read it",
  EPERM: "this user may not read it",
  ELOOP: "its links lead in a circle"
}

/** A clause about reading. What has no words of its own is said as the system says it. */
export const fileTrouble = ({ message, reason }: PlatformError.PlatformError): string => {
  const cause = "cause" in reason ? reason.cause : undefined
  const code = Predicate.hasProperty(cause, "code") ? String(cause.code) : ""
  if (reason._tag === "NotFound") return "there is no such file"
  return words[code] ?? (cause instanceof Error ? cause.message : message)
}
