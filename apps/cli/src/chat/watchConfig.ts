/**
 * Follows the configuration file for as long as the scope lives, and tells on stderr what has become of a change.
 */
import { Effect, Stream } from "effect"
import { Output } from "../Output.ts"
import { renderReload } from "../render/renderReload.ts"
import type { RunningHost } from "../withHost.ts"

/** With `--json` it follows in silence. */
export const watchConfig = Effect.fnUntraced(function* (host: RunningHost) {
  const output = yield* Output
  yield* host.reload.watch.pipe(
    Stream.runForEach((event) =>
      output.isJson
        ? Effect.void
        : Effect.forEach(renderReload(event, output.errorStyle), output.status, { discard: true })
    ),
    Effect.forkScoped
  )
})
