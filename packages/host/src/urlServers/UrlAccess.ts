/**
 * The way to addresses that somebody else chose: judged once names have been resolved, and connected to as they were
 * judged, whatever the name stands for by then.
 */
import type { CheckedUrl, UrlRefused } from "@signalbox/tools"
import { Context, type Effect, type Scope } from "effect"
import type { HostOptions } from "../config/HostOptions.ts"

/** Which addresses may be connected to. */
export type UrlRules = Pick<HostOptions["server"]["mcpUrls"], "allowAddresses" | "allowHosts" | "denyHosts" | "ports">

/** What the platform brings: a host in a program without it connects to no such address. */
export class UrlAccess extends Context.Service<
  UrlAccess,
  {
    readonly check: (url: string, rules: UrlRules) => Effect.Effect<CheckedUrl, UrlRefused>
    /** Goes to the address that was checked and nowhere else. Redirects are answers. The scope ends its connections. */
    readonly fetchTo: (checked: CheckedUrl) => Effect.Effect<typeof globalThis.fetch, never, Scope.Scope>
  }
>()("@signalbox/host/UrlAccess") {}
