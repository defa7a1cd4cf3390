/**
 * Two models for the names of the well-known Claude families: clients that can only say `claude-…` get yours.
 */
import type { ModelRoute, RoutingRule } from "./RoutingPlan.ts"

/** Opus and Sonnet go to `big`, Haiku to `small`: bare, versioned, dated, `-latest`, and with a vendor's prefix. */
export const aliasRules = ({
  big,
  small
}: {
  readonly big: ModelRoute
  readonly small: ModelRoute
}): ReadonlyArray<RoutingRule> => [
  {
    match: { _tag: "Pattern", regex: familyPattern("(opus|sonnet)") },
    ...big,
    title: "names of Claude Opus and Sonnet"
  },
  { match: { _tag: "Pattern", regex: familyPattern("haiku") }, ...small, title: "names of Claude Haiku" }
]

/**
 * `anthropic/claude-3.7-sonnet:thinking`, `openrouter/anthropic/claude-opus-4`, `claude-3-5-haiku-20241022`,
 * `us.anthropic.claude-sonnet-4-5-20250929-v1:0`, `claude-opus-4@20250514`, `sonnet-4.5`, `haiku`.
 */
const familyPattern = (family: string): string =>
  `([\\w.\\-]+/)*([a-z]+\\.)*(claude-([\\d.]+-)*)?${family}([\\-@.][\\d.]+)*(-latest)?(-v\\d+)?(:[\\w.\\-]+)?(\\[\\w+\\])?`
