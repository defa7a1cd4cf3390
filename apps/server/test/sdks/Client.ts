/** An official client as the scenarios need it: a conversation that keeps its history as that client's users do. */

import { z } from "zod"

/** How a conversation is asked for. */
export interface Settings {
  readonly isStreamed: boolean
  /** Tools of the caller, by name; each takes a path. */
  readonly tools: ReadonlyArray<string>
  /** Whether a tool has to be called. */
  readonly mustCall: boolean
  readonly thinks: boolean
  /** Whether the answer is to be `{ "city": string }`, read by the client's own helper. */
  readonly isStructured: boolean
}

export interface Call {
  readonly id: string
  readonly name: string
  readonly input: unknown
}

/** An answer in words that all clients share. */
export interface Answer {
  readonly text: string
  readonly calls: ReadonlyArray<Call>
  /** Tools that the server ran: name, and what came of it. */
  readonly hosted: ReadonlyArray<string>
  readonly thoughts: ReadonlyArray<string>
  readonly finish: "end" | "calls" | "length" | undefined
  readonly parsed?: unknown
}

export interface Words {
  readonly text: string
  /** A PNG in base64. */
  readonly image?: string
}

/** One conversation. Answers are kept as the client gave them, and go back with what is said next. */
export interface Conversation {
  readonly say: (words: Words) => Promise<Answer>
  readonly answer: (results: ReadonlyArray<{ readonly call: Call; readonly output: string }>) => Promise<Answer>
}

/** What a client does with an answer, whatever the server: it hides a part of it, or does not send it back. */
export type Habit =
  | "hides hosted"
  | "drops hosted"
  | "hides thoughts"
  | "drops thoughts"
  /** Puts what the server's tools answered beside their calls, before the calls of the caller. */
  | "pairs hosted"

export interface SdkClient {
  readonly name: string
  readonly habits: (settings: Settings) => ReadonlyArray<Habit>
  readonly open: (url: string, settings: Settings) => Conversation
}

/** The schema of the caller's tools. */
export const pathSchema = {
  type: "object" as const,
  properties: { path: { type: "string" as const } },
  required: ["path"],
  additionalProperties: false
}

/** The form of a structured answer. */
export const city = z.object({ city: z.string() })

/** What a client may be told about a tool of the caller. */
export const describe = (name: string): string => `The caller's ${name}.`

/** The text of what a result holds. */
export const textIn = (content: unknown): string =>
  typeof content === "string"
    ? content
    : (Array.isArray(content) ? content : [])
        .map((block: { readonly text?: unknown }) => (typeof block.text === "string" ? block.text : ""))
        .join("")

export const model = "claude-any"
