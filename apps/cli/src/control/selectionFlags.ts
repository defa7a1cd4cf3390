/**
 * How a command line says which servers it means.
 */
import { Argument, Flag } from "effect/cli"

/** What a command line says of the servers. */
export interface Selection {
  readonly names: ReadonlyArray<string>
  readonly server: ReadonlyArray<string>
  readonly type: ReadonlyArray<"stdio" | "http" | "sse">
  readonly all: boolean
}

/** How that is said. */
export const selectionFlags = {
  names: Argument.String("names").pipe(Argument.withDescription("As in signalbox servers list"), Argument.variadic()),
  server: Flag.String("server").pipe(Flag.withDescription("A server by its name; may be repeated"), Flag.atLeast(0)),
  type: Flag.Literals("type", ["stdio", "http", "sse"]).pipe(
    Flag.withDescription("All servers of a type; may be repeated"),
    Flag.atLeast(0)
  ),
  all: Flag.Boolean("all").pipe(Flag.withDescription("All servers"), Flag.withDefault(false))
}
