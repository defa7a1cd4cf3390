/**
 * The resources that a model is shown before it is asked: each read once, all at the same time, with a limit of time and
 * size. What could not be read is left out and tried again now and then, so that one bad resource holds up nobody.
 */
import type { ContextResource } from "@signalbox/conversation"
import type { SignalboxError } from "@signalbox/errors"
import type { ReadResource, ResourceDefinition } from "@signalbox/orchestrator"
import { type Duration, Effect, Latch, type Scope } from "effect"

/** Which resources, and how much of them. */
export interface ResourceContextOptions {
  /** Addresses as they are listed, or all that are. */
  readonly include: "all" | ReadonlyArray<string>
  /** The longest text of one resource, in characters; a longer one is left out. */
  readonly maxCharacters: number
  /** How long reading one may take. */
  readonly timeout: Duration.Duration
  /** After what time those that could not be read are tried again. */
  readonly retryInterval: Duration.Duration
}

/** Where they come from. */
export interface ResourceSource {
  /** Asked only where all are wanted. Bound it: the first look waits for it. */
  readonly list: Effect.Effect<ReadonlyArray<Pick<ResourceDefinition, "exposedUri" | "name">>>
  readonly read: (address: string) => Effect.Effect<ReadResource, SignalboxError>
}

/** The resources that can be shown. */
export interface AvailableResources {
  /** Those that have been read, in the order in which they were asked for. Waits for the first look, which is bounded. */
  readonly included: Effect.Effect<ReadonlyArray<ContextResource>>
  /** Addresses that could not be read so far, and why. */
  readonly excluded: Effect.Effect<ReadonlyMap<string, string>>
}

/** Reads at the same time. */
const concurrency = 16

/** Begins to read in the background, until the scope closes. */
export const makeAvailableResources = (
  source: ResourceSource,
  options: ResourceContextOptions
): Effect.Effect<AvailableResources, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { include, maxCharacters, retryInterval, timeout } = options
    const looked = yield* Latch.make()
    const found = new Map<string, ContextResource>()
    const failed = new Map<string, string>()
    let wanted: ReadonlyArray<{ readonly uri: string; readonly name: string }> = []

    const readOne = ({ name, uri }: { readonly uri: string; readonly name: string }) =>
      source.read(uri).pipe(
        Effect.map(({ contents }) => textOf(contents, maxCharacters)),
        Effect.timeoutOrElse({ duration: timeout, orElse: () => Effect.succeed({ problem: "it took too long" }) }),
        Effect.catch((error) => Effect.succeed({ problem: error.message })),
        Effect.map((result) => {
          if ("problem" in result) return void failed.set(uri, result.problem)
          failed.delete(uri)
          found.set(uri, { uri, name, text: result.text })
        })
      )

    const look = Effect.gen(function* () {
      wanted =
        include === "all"
          ? (yield* source.list).map(({ exposedUri, name }) => ({ uri: exposedUri, name }))
          : include.map((uri) => ({ uri, name: uri }))
      yield* Effect.forEach(
        wanted.filter(({ uri }) => !found.has(uri)),
        readOne,
        { concurrency, discard: true }
      )
    })
    const tell = Effect.suspend(() =>
      failed.size === 0
        ? Effect.void
        : Effect.logWarning(
            `Resources that the model is not shown: ${[...failed].map(([uri, why]) => `${uri} (${why})`).join(", ")}.`
          )
    )
    yield* look.pipe(
      Effect.andThen(tell),
      Effect.andThen(looked.open),
      Effect.andThen(Effect.forever(Effect.andThen(Effect.sleep(retryInterval), look))),
      Effect.forkScoped
    )

    return {
      included: Effect.andThen(
        looked.await,
        Effect.sync(() => wanted.flatMap(({ uri }) => found.get(uri) ?? []))
      ),
      excluded: Effect.sync(() => failed)
    }
  })

/** The text of all parts; a problem where there is none that could be shown. */
const textOf = (
  contents: ReadResource["contents"],
  maxCharacters: number
): { readonly text: string } | { readonly problem: string } => {
  const text = contents.flatMap((content) => ("text" in content ? [content.text] : [])).join("\n")
  if (text.trim() === "") return { problem: contents.length === 0 ? "it is empty" : "it has no text" }
  return text.length > maxCharacters ? { problem: `it has more than ${maxCharacters} characters` } : { text }
}
