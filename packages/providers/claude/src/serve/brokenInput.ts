/**
 * Arguments of a caller's tool that are no JSON object. The API has no word for them and a caller's tool must not run with
 * less than the model said, so they are handed over as they are, in an object that no tool takes for its own.
 */
import { ProviderInvalidResponse, type ToolUseBlock, withInputText } from "@signalbox/model"

/** The key under which Anthropic tells its clients to wrap such a text. */
const key = "INVALID_JSON"

/** What is wrong with the text of arguments, as an input; `undefined` where nothing is. */
export const brokenInput = (text: string): { readonly [key]: string } | undefined =>
  withInputText({ type: "tool_use", id: "", name: "", input: {} }, text).invalidInput === undefined
    ? undefined
    : { [key]: text }

/** A call as a client is to see it. */
export const withBrokenInput = (call: ToolUseBlock): ToolUseBlock =>
  call.invalidInput === undefined ? call : { ...call, input: { [key]: call.invalidInput } }

/** A stream has shown the beginning already, as the arguments themselves: clients would complete it and run the tool. */
export const streamedBroken = (toolName: string): ProviderInvalidResponse =>
  new ProviderInvalidResponse({
    provider: "The model",
    reason: `its arguments for the tool "${toolName}" are no JSON object.`
  })
