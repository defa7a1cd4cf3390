/**
 * What stands for the result of a call that never came: upstreams refuse a history in which a call has none.
 */
import type { ContentBlock, ToolResultBlock } from "./ContentBlock.ts"

const words = "There is no result."

/** Use it for a call of a history that has no result. */
export const lostResult = (tool_use_id: string) =>
  ({ type: "tool_result", tool_use_id, is_error: true, content: words }) as const satisfies ToolResultBlock

/** Whether a block only stands for a result. */
export const isLostResult = (block: ContentBlock): boolean =>
  block.type === "tool_result" && block.is_error === true && block.content === words
