/**
 * Annotations of answers as citations of the vocabulary: addresses that the server has found. An index that only
 * Anthropic could read is empty, by which such a citation is known never to go there.
 */
import { isJsonObject, type JsonObject } from "@signalbox/model"

const textOf = (value: unknown): string => (typeof value === "string" ? value : "")

/** What is quoted of a page is short; some servers send all of it. */
const maxQuoted = 150

/** The citations of a text. Chat nests their fields, Responses has them at the annotation itself. */
export const citationsOf = (annotations: unknown): ReadonlyArray<JsonObject> =>
  (Array.isArray(annotations) ? annotations.filter(isJsonObject) : []).flatMap((annotation) => {
    if (annotation["type"] !== "url_citation") return []
    const { content, title, url } = isJsonObject(annotation["url_citation"]) ? annotation["url_citation"] : annotation
    if (textOf(url) === "") return []
    return [
      {
        type: "web_search_result_location",
        url: textOf(url),
        title: textOf(title),
        cited_text: textOf(content).slice(0, maxQuoted),
        encrypted_index: ""
      }
    ]
  })
