/**
 * The protocol client as the rest of this package sees it: plain promises in, plain failures out.
 * `sdk.ts` implements it; nothing here knows the SDK.
 */
import type { WireFault } from "./wire.ts"

/** What an SDK promise was rejected with, by codes and classes alone. */
export type Failure =
  | { readonly _tag: "Rpc"; readonly code: number; readonly message: string; readonly data: unknown }
  | { readonly _tag: "Http"; readonly status: number; readonly text: string }
  | { readonly _tag: "Wire"; readonly fault: WireFault }
  | { readonly _tag: "Closed" }
  /** The limit of the request has passed. */
  | { readonly _tag: "Timeout" }
  /** No protocol revision in common. */
  | { readonly _tag: "Version"; readonly offered: ReadonlyArray<string> }
  | { readonly _tag: "InvalidResult"; readonly reason: string }
  /** The answer is not of the protocol at all: a web page, broken JSON. */
  | { readonly _tag: "Unusable"; readonly reason: string }
  /** Below HTTP: no connection, or a connection that broke. `code` is that of the operating system. */
  | { readonly _tag: "Network"; readonly code: string | undefined; readonly reason: string }

/** Which handshake is made. */
export type Negotiation = "legacy" | "auto" | "2026-07-28"

/** What the server said about itself in the handshake. */
export interface Handshake {
  readonly name: string
  readonly version: string
  readonly title: string | undefined
  readonly protocolVersion: string
  readonly era: "legacy" | "modern"
  readonly capabilities: Readonly<Record<string, unknown>>
  readonly instructions: string | undefined
}

/** How one request is made. */
export interface RequestOptions {
  readonly signal: AbortSignal
  /** When this has passed, the server is told to stop and the promise rejects with `Timeout`. */
  readonly timeoutMillis?: number | undefined
  readonly headers?: Readonly<Record<string, string>>
}

/** Which notices a subscription wants. */
export interface ListenFilter {
  readonly toolsListChanged?: boolean
  readonly promptsListChanged?: boolean
  readonly resourcesListChanged?: boolean
  readonly resourceSubscriptions?: ReadonlyArray<string>
}

/** A protocol client after its handshake. Every promise rejects with what `failureOf` understands. */
export interface Session {
  readonly handshake: Handshake
  readonly request: (
    method: string,
    params: Readonly<Record<string, unknown>>,
    options: RequestOptions
  ) => Promise<Readonly<Record<string, unknown>>>
  /** Opens a subscription to notices (2026-07-28); the inner promise settles when it has ended. */
  readonly listen: (filter: ListenFilter, signal: AbortSignal) => Promise<{ readonly closed: Promise<unknown> }>
  readonly close: () => Promise<void>
}
