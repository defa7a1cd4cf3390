/**
 * Why a provider does not answer, from the class of its failure, and what to do about it. The words of systems only add
 * advice.
 */
import type { ModelError, ProviderUnreachable } from "@signalbox/model"
import { Duration } from "effect"
import type { ConfigPath } from "../../config/document.ts"
import { isKeyless, type ProviderKind } from "../../config/ProviderEntry.ts"
import { variablesIn } from "../../config/secrets.ts"
import type { ResolvedProvider } from "../../models/makeProvider.ts"
import type { FindingCode, Severity } from "../Finding.ts"

/** What is said of a failure. */
export interface ExplainedFailure {
  readonly code: FindingCode
  /** Below the entry of the provider. */
  readonly path: ConfigPath
  readonly fix: string
  /** `warning` where it may be over in a moment. */
  readonly severity: Severity
}

/** How what runs on a machine of one's own is started. */
const starts: Partial<Readonly<Record<ProviderKind, string>>> = {
  ollama: 'Start Ollama: "ollama serve"',
  vllm: 'Start vLLM: "vllm serve MODEL"',
  llamacpp: 'Start llama.cpp: "llama-server -m FILE"',
  lmstudio: 'Start the server of LM Studio: "lms server start"'
}

const unreachableAdvice: ReadonlyArray<readonly [pattern: RegExp, advice: string]> = [
  [
    /ENOTFOUND|EAI_AGAIN/,
    "There is no host of this name, or no network to ask for it: correct the base URL, or check the network."
  ],
  [/ECONNREFUSED/, "Nobody listens there: correct the port of the base URL, or start what is to answer."],
  [
    /certificate|CERT|self.signed/i,
    "Its certificate is not trusted here: name that of its authority in NODE_EXTRA_CA_CERTS."
  ],
  [/SSL|TLS|EPROTO|wrong version/i, "It does not speak TLS there: try http:// instead of https://, or another port."]
]

const unreachable = ({ hint = "", reason }: ProviderUnreachable, { entry, kind }: ResolvedProvider): string => {
  const start = /ECONNREFUSED/.test(reason) ? starts[kind] : undefined
  if (start !== undefined) return `${start}; or correct its base URL, ${entry.baseUrl}.`
  return unreachableAdvice.find(([pattern]) => pattern.test(reason))?.[1] ?? hint
}

const keyRefused = ({ apiKey, entry, name }: ResolvedProvider): string => {
  if (apiKey === undefined) return `It wants a key: name its variable in providers.${name}.apiKey, as env:NAME.`
  const variable = variablesIn(entry.apiKey ?? "").join(", ")
  return `Put a key that is valid there into ${variable === "" ? `providers.${name}.apiKey` : variable}.`
}

/** Ends of base URLs as each kind wants them. */
const wrongUrl = ({ kind }: ResolvedProvider): string =>
  kind === "claude"
    ? "Correct the base URL: it ends before /v1/messages."
    : "Correct the base URL: it ends before /chat/completions, mostly with /v1."

/** What a failure of a provider means and what is to be done. */
export const explainProvider = (
  error: ModelError,
  provider: ResolvedProvider,
  betterUrl?: string
): ExplainedFailure => {
  const explained = (code: FindingCode, fix: string, more: Partial<ExplainedFailure> = {}): ExplainedFailure => ({
    code,
    fix,
    path: [],
    severity: "error",
    ...more
  })
  switch (error._tag) {
    case "ProviderUnreachable":
      return explained("UNREACHABLE", unreachable(error, provider), { path: ["baseUrl"] })
    case "ProviderAuthFailed":
      return explained("KEY_REFUSED", keyRefused(provider), { path: ["apiKey"] })
    case "ProviderQuotaExceeded":
      return explained("NO_CREDIT", error.hint ?? "")
    case "ProviderInvalidResponse":
    case "ModelNotFound":
      return explained("BASE_URL_WRONG", betterUrl === undefined ? wrongUrl(provider) : `Write baseUrl: ${betterUrl}`, {
        path: ["baseUrl"]
      })
    case "ProviderTimeout":
      return explained(
        "NO_ANSWER",
        isKeyless(provider.kind)
          ? "It may be loading a model: try again in a while."
          : "Check the network and the proxy settings, and the status page of the provider.",
        { path: ["baseUrl"] }
      )
    case "ProviderRateLimited":
    case "ProviderOverloaded":
    case "StreamInterrupted":
      return explained(
        "PROVIDER_BUSY",
        error.retryAfter === undefined
          ? "Try again in a while; a fallback under routing.fallbacks answers meanwhile."
          : `Try again in ${Duration.format(error.retryAfter)}; a fallback under routing.fallbacks answers meanwhile.`,
        { severity: "warning" }
      )
    default:
      return explained("PROVIDER_REFUSES", error.hint ?? "What it said tells why.")
  }
}
