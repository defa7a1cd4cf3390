/**
 * OpenAI's search of the web: a tool of requests that the vendor runs itself. Coding agents offer it with every request,
 * so that an upstream without it is no reason to refuse them.
 */
import type { JsonObject } from "@signalbox/model"

/** Whether a tool of the Responses API is it, in any of its versions (`web_search`, `web_search_preview_2025_03_11`). */
export const isWebSearch = ({ type }: JsonObject): boolean => typeof type === "string" && /^web_search(_|$)/.test(type)
