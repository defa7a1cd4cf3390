/**
 * Follows the configuration file for as long as the scope lives, and tells on stderr what has become of a change.
 */
import { Effect, Stream } from "effect"
import { Output } from "../Output.ts"
import { renderReload } from "../render/renderReload.ts"
import type { RunningHost } from "../withHost.ts"

/** With `--json` it follows in silence. `after` is done after each change. */
export const watchConfig = Effect.fnUntraced(function* (
  host: RunningHost,
  after: Effect.Effect<unknown> = Effect.void
) {
  const output = yield* Output
  yield* host.reload.watch.pipe(
    Stream.runForEach((event) =>
      Effect.andThen(
        output.isJson
          ? Effect.void
          : Effect.forEach(renderReload(event, output.errorStyle), output.status, { discard: true }),
        after
      )
    ),
    Effect.forkScoped
  )
})
