/**
 * What the doctor says of a server or of a provider of models: a stable code, what it means, and what to do.
 */
import type { ConfigPath } from "../config/document.ts"

/** `error`: it does not work; `warning`: it works, with a fault; `note`: it is worth knowing, and nothing is wrong. */
export type Severity = "error" | "warning" | "note"

/** Something that can be done about a finding without asking what is meant. */
export type Repair =
  | { readonly _tag: "CreateFolder"; readonly folder: string }
  | { readonly _tag: "DisableServer"; readonly serverName: string }
  | { readonly _tag: "DenyTool"; readonly serverName: string; readonly tool: string }

/** What every finding says. */
interface Found {
  readonly code: FindingCode
  readonly severity: Severity
  /** Where the reason stands in the configuration. */
  readonly path: ConfigPath
  /** What is so, and what it means. */
  readonly message: string
  /** The next step for a person. */
  readonly fix: string
}

/** One thing that was found out about a server. */
export interface Finding extends Found {
  readonly serverName: string
  /** What the server itself said. */
  readonly lines: ReadonlyArray<string>
  readonly repair: Repair | undefined
}

/** One thing that was found out about a provider. */
export interface ProviderFinding extends Found {
  readonly providerName: string
}

/** Everything that can be found. */
export type FindingCode =
  | "COMMAND_MISSING"
  | "COMMAND_NOT_EXECUTABLE"
  | "CWD_MISSING"
  | "FILE_MISSING"
  | "VARIABLE_UNSET"
  | "RUNTIME_VERSION"
  | "CRASHED_AT_START"
  | "STDOUT_JUNK"
  | "NEEDS_LOGIN"
  | "NO_ANSWER"
  | "UNREACHABLE"
  | "CANNOT_CONNECT"
  | "SCHEMA_REJECTED"
  | "TOOL_UNUSABLE"
  | "TOOL_UNKNOWN"
  | "TOOL_NAME_CLASH"
  | "DUPLICATE_SERVER"
  | "DUPLICATE_HEALTH_URL"
  | "SANDBOX_MISSING"
  | "HISTORY_UNREACHABLE"
  | "HISTORY_REFUSED"
  | "HOOK_UNUSABLE"
  // Of providers, beside UNREACHABLE and NO_ANSWER.
  | "KEY_MISSING"
  | "KEY_REFUSED"
  | "NO_CREDIT"
  | "BASE_URL_WRONG"
  | "MODEL_UNKNOWN"
  | "NO_MODEL"
  | "PROVIDER_BUSY"
  | "PROVIDER_REFUSES"

/** A finding about a server, with what most have left out. */
export const finding = (
  found: Omit<Finding, "lines" | "repair"> & Partial<Pick<Finding, "lines" | "repair">>
): Finding => ({ lines: [], repair: undefined, ...found })
