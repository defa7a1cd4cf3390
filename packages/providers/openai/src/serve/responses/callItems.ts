/**
 * Calls as output items: of the caller's tools in the form that the caller gave them, of the host's as `mcp_call`,
 * which clients show and do not run.
 */
import type { JsonObject, ToolResultBlock } from "@signalbox/model"
import { type CallForm, customInput, readArguments } from "../callForms.ts"
import { resultWords } from "../resultWords.ts"
import type { ItemPrefix } from "./itemIds.ts"

/** A call that is being told. */
export interface ToldCall {
  /** The model's id for it. */
  readonly callId: string
  readonly name: string
  readonly form: CallForm | undefined
  /** Who runs it, where that is not the caller. */
  readonly source: string | undefined
  /** The request for approval with which it was shown before. */
  readonly requestId?: string | undefined
}

/** The prefix of the id of its item. */
export const prefixOf = ({ form, source }: ToldCall): ItemPrefix => {
  if (source !== undefined) return "mcp"
  return form?.kind === "custom" ? "ctc" : form?.kind === "local_shell" ? "lsh" : "fc"
}

type Status = "in_progress" | "completed" | "incomplete" | "failed"

const shellAction = (text: string): JsonObject => {
  const { command, env, timeout_ms, working_directory } = readArguments(text) ?? {}
  return {
    type: "exec",
    command: Array.isArray(command) ? command.map(String) : [],
    env: env ?? {},
    ...(timeout_ms === undefined ? {} : { timeout_ms }),
    ...(working_directory === undefined ? {} : { working_directory })
  }
}

const hostItem = (id: string, { name, requestId, source }: ToldCall, text: string, status: Status): JsonObject => ({
  id,
  type: "mcp_call",
  server_label: source,
  name,
  arguments: text,
  output: null,
  error: null,
  approval_request_id: requestId ?? null,
  status
})

/** The item of a call of the host's that waits for approval. */
export const approvalItem = (id: string, { name, source }: ToldCall, text: string): JsonObject => ({
  id,
  type: "mcp_approval_request",
  server_label: source,
  name,
  arguments: text
})

/** The item of a call with these arguments. */
export const callItem = (id: string, call: ToldCall, text: string, status: Status): JsonObject => {
  const { callId, form, source } = call
  if (source !== undefined) return hostItem(id, call, text, status)
  const namespace = form?.namespace === undefined ? {} : { namespace: form.namespace }
  const named = { call_id: callId, name: form?.name ?? call.name, ...namespace }
  switch (form?.kind) {
    case "custom":
      return { id, type: "custom_tool_call", ...named, input: customInput(text), status }
    case "local_shell":
      return { id, type: "local_shell_call", call_id: callId, action: shellAction(text), status }
    default:
      return { id, type: "function_call", ...named, arguments: text, status }
  }
}

/** An item of the host's with what its tool answered. */
export const answeredItem = (item: JsonObject, result: ToolResultBlock): JsonObject => {
  const words = resultWords(result)
  return result.is_error === true
    ? {
        ...item,
        error: { type: "mcp_tool_execution_error", content: [{ type: "text", text: words }] },
        status: "failed"
      }
    : { ...item, output: words, status: "completed" }
}
