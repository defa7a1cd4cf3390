/**
 * What WebFetch needs of an operating system: the addresses of a name, and a connection to one address that is given,
 * whatever the name in the request stands for by then.
 */
import { Context, Data, type Effect, type Scope, type Stream } from "effect"

/** A name without an address, or a connection that did not come about or broke. */
export class WebFault extends Data.TaggedError("WebFault")<{ readonly reason: string }> {}

/** The beginning of an answer. Redirects are answers. */
export interface WebAnswer {
  readonly status: number
  /** With names in small letters. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Stream.Stream<Uint8Array, WebFault>
}

/** Resolves names and makes requests. On Node: `layerWebAccess` of `@signalbox/tools/node`. */
export class WebAccess extends Context.Service<
  WebAccess,
  {
    /** All addresses of a name. */
    readonly resolve: (host: string) => Effect.Effect<ReadonlyArray<string>, WebFault>
    /** Gets a page over a new connection to this address. The scope ends it. */
    readonly get: (request: {
      readonly url: URL
      readonly address: string
      readonly headers: Readonly<Record<string, string>>
    }) => Effect.Effect<WebAnswer, WebFault, Scope.Scope>
  }
>()("@signalbox/tools/WebAccess") {}
