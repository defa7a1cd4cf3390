/**
 * Asking the client back during a call. In the handshake era that is a request of the server's own; in the stateless one
 * the result says `input_required`, and the client sends the call again with the answers.
 */
import { asObject, type Json } from "./protocol.ts"
import type { Question } from "./tools.ts"

/** Thrown through a tool to end a call with `input_required`. */
export class InputRequired extends Error {
  readonly result: Json
  constructor(key: string, request: Json) {
    super("The call needs an answer of the client.")
    this.result = { resultType: "input_required", inputRequests: { [key]: request }, requestState: `asked ${key}` }
  }
}

/** The request that a question becomes. */
export const questionRequest = (question: Question): { readonly method: string; readonly params?: Json } => {
  switch (question) {
    case "elicitation":
      return {
        method: "elicitation/create",
        params: {
          mode: "form",
          message: "What is your name?",
          requestedSchema: {
            type: "object",
            properties: { name: { type: "string" }, colour: { type: "string", default: "green" } },
            required: ["name"]
          }
        }
      }
    case "url":
      return {
        method: "elicitation/create",
        params: {
          mode: "url",
          message: "Please sign in.",
          url: "https://example.com/sign-in",
          elicitationId: "sign-in-1"
        }
      }
    case "sampling":
      return {
        method: "sampling/createMessage",
        params: { messages: [{ role: "user", content: { type: "text", text: "Say one word." } }], maxTokens: 16 }
      }
    case "roots":
      return { method: "roots/list" }
    case "ping":
      return { method: "ping" }
  }
}

/** Sends requests of the server and matches the client's answers to them. */
export const makeQuestions = () => {
  const waiting = new Map<string, (answer: Json) => void>()
  let count = 0
  return {
    /** Resolves with the client's result or error, whatever it is. */
    send: (question: Question, send: (message: Json) => void, signal: AbortSignal): Promise<Json> =>
      new Promise((resolve, reject) => {
        count += 1
        const id = `fx-${count}`
        waiting.set(id, resolve)
        signal.addEventListener("abort", () => reject(new Error("The call was cancelled.")), { once: true })
        send({ jsonrpc: "2.0", id, ...questionRequest(question) })
      }),
    /** Takes an answer; answers whether somebody waited for it. */
    receive: (message: Json): boolean => {
      const id = String(message["id"])
      const resolve = waiting.get(id)
      waiting.delete(id)
      resolve?.(asObject(message["result"] ?? { error: message["error"] }))
      return resolve !== undefined
    }
  }
}
