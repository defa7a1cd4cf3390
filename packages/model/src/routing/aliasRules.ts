/**
 * Two models for the names of the well-known Claude families: clients that can only say `claude-…` get yours.
 */
import { type ModelRoute, type RoutingRule } from "./RoutingPlan.ts"

/** Opus and Sonnet go to `big`, Haiku to `small`: bare, versioned, dated, `-latest`, and with a vendor's prefix. */
export declare const aliasRules: (models: {
  readonly big: ModelRoute
  readonly small: ModelRoute
}) => ReadonlyArray<RoutingRule>
