/**
 * Citations of the vocabulary as annotations of a text. They say which part of the text they are for by its first and
 * last character; the block that was cited is that part. What no client of these APIs could look up is left out.
 */
import type { JsonObject } from "@signalbox/model"

/** A source, and the part of the text that it stands for. */
export interface Annotation {
  readonly source:
    | { readonly type: "url"; readonly url: string; readonly title: string }
    | { readonly type: "file"; readonly fileId: string; readonly filename: string }
  readonly start: number
  readonly end: number
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "")

const sourceOf = ({
  document_title: documentTitle,
  file_id: fileId,
  source,
  title,
  url
}: JsonObject): Annotation["source"] | undefined => {
  const address = [url, source].find((given) => /^https?:\/\//.test(textOf(given)))
  if (address !== undefined) return { type: "url", url: textOf(address), title: textOf(title) }
  return textOf(fileId) === "" ? undefined : { type: "file", fileId: textOf(fileId), filename: textOf(documentTitle) }
}

/** The annotations of a part of a text, each source once. */
export const annotationsOf = (
  citations: ReadonlyArray<JsonObject>,
  place: Pick<Annotation, "start" | "end">
): ReadonlyArray<Annotation> => {
  const bySource = new Map(
    citations.flatMap((citation) => {
      const source = sourceOf(citation)
      return source === undefined ? [] : [[JSON.stringify(source), { source, ...place }] as const]
    })
  )
  return [...bySource.values()]
}

/** As Chat Completions has it, which knows addresses only. */
export const chatAnnotations = ({ end, source, start }: Annotation): ReadonlyArray<JsonObject> =>
  source.type === "url"
    ? [
        {
          type: "url_citation",
          url_citation: { start_index: start, end_index: end, url: source.url, title: source.title }
        }
      ]
    : []

/** As Responses has it. */
export const responsesAnnotation = ({ end, source, start }: Annotation): JsonObject =>
  source.type === "url"
    ? { type: "url_citation", start_index: start, end_index: end, url: source.url, title: source.title }
    : { type: "file_citation", file_id: source.fileId, filename: source.filename, index: end }
