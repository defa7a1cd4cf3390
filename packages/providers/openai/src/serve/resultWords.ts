/**
 * Results of the host's tools as these APIs hold them: text alone. What is none is described in brackets.
 */
import { resultText, type ToolResultBlock } from "@signalbox/model"

/** The text of a result; an empty result stays empty. */
export const resultWords = ({ content, is_error }: ToolResultBlock): string => {
  if (content === undefined || typeof content === "string") return content ?? ""
  return content.length === 0 ? "" : resultText({ content, isError: is_error === true })
}
