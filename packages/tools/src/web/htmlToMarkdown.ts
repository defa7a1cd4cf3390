/**
 * HTML as Markdown, piece by piece: others get their turn between two pieces, and what is not wanted is not converted.
 */
import { streamHtmlToMarkdown } from "@mdream/js"
import { Data, Effect, Stream } from "effect"

class ConversionFailed extends Data.TaggedError("ConversionFailed")<{ readonly cause: unknown }> {}

const pieceLength = 64 * 1024

const pieces = (html: string): ReadableStream<string> => {
  let at = 0
  return new ReadableStream({
    pull: (controller) => {
      if (at >= html.length) return controller.close()
      controller.enqueue(html.slice(at, at + pieceLength))
      at += pieceLength
    }
  })
}

/** The Markdown of a page, as far as this many characters of it. Links are made complete. */
export const htmlToMarkdown = (html: string, page: URL, wanted: number): Effect.Effect<string> =>
  Effect.suspend(() => {
    let length = 0
    return Stream.fromAsyncIterable(
      streamHtmlToMarkdown(pieces(html), { origin: page.origin }),
      (cause) => new ConversionFailed({ cause })
    ).pipe(
      Stream.tap(() => Effect.yieldNow),
      Stream.takeUntil((part) => {
        length += part.length
        return length > wanted
      }),
      Stream.runCollect,
      Effect.map((parts) => parts.join("")),
      // A page that the converter cannot read is still a text.
      Effect.orElseSucceed(() => html)
    )
  })
