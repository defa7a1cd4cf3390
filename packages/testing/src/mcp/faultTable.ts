/**
 * Every fault of fx-mcp, as data. A fault is written `KIND[:VALUE][@WHERE[:WHICH]]`: `never`, `exit:3@initialize`,
 * `status:503@call:2`, `huge:12000000@call:echo`. WHERE is `initialize` (also `server/discover`), `list` or `call` (default);
 * WHICH is the nth such request of the process (from 1) or, for calls, a tool's name; without it the fault always happens.
 */

/** One row: what it does, its VALUE, and whether it needs HTTP or stdio. */
interface FaultRow {
  readonly help: string
  readonly value?: string
  readonly only?: "http" | "stdio"
  /** Answers before the request is looked at: the tool does not run. */
  readonly isEarly?: true
}

/** The kinds of faults. */
export const faultTable = {
  never: { help: "Runs the tool and never answers" },
  hold: { help: "Runs the tool and holds the answer back until this file exists", value: "FILE" },
  error: { help: "JSON-RPC error with this code; the tool does not run", value: "CODE (-32603)" },
  "is-error": { help: "Tool result with isError" },
  huge: { help: "Adds so many bytes of text to the result", value: "BYTES (1000000)" },
  "unknown-id": { help: "Answers an id that nobody asked" },
  duplicate: { help: "Answers twice" },
  "null-id-error": { help: "Error with id null instead of the answer" },
  "result-and-error": { help: "Both result and error in one answer" },
  batch: { help: "The answer inside a JSON array" },
  "string-id": { help: "The id echoed as a string" },
  "wrong-shape": { help: "A result of the wrong shape: an array" },
  "unknown-block": { help: "Adds a content block of an unknown type" },
  "no-content": { help: "A result without content" },
  "bad-structured": { help: "structuredContent that violates the outputSchema (tool `add`)" },
  junk: { help: "A line that is not JSON before the answer", only: "stdio" },
  "half-line": { help: "Half of the answer, then silence", only: "stdio" },
  "half-line-exit": { help: "Half of the answer, then exits", only: "stdio" },
  "close-stdout": { help: "Closes stdout instead of answering, stays alive", only: "stdio" },
  exit: { help: "Runs the tool, then exits instead of answering", value: "CODE (1)" },
  kill: { help: "Runs the tool, then dies by a signal instead of answering", value: "SIGNAL (SIGKILL)" },
  stderr: { help: "Writes so many bytes to stderr before the answer", value: "BYTES (1000000)" },
  status: { help: "This HTTP status", value: "CODE (503)", only: "http", isEarly: true },
  html: { help: "200 with a web page", only: "http", isEarly: true },
  redirect: { help: "307 to this URL", value: "URL", only: "http", isEarly: true },
  "session-expired": { help: "404: forgets the session", only: "http", isEarly: true },
  "no-session": { help: "400: No valid session ID provided", only: "http", isEarly: true },
  accepted: { help: "202 without an answer", only: "http", isEarly: true },
  "reset-early": { help: "Destroys the socket before the tool runs", only: "http", isEarly: true },
  "accept-silent": { help: "Accepts the request, does not run it and never answers", only: "http", isEarly: true },
  reset: { help: "Runs the tool, then destroys the socket before the headers", only: "http" },
  "broken-json": { help: "200 with a body that is not JSON", only: "http" },
  "half-body": { help: "Half of a JSON body, then destroys the socket", only: "http" },
  "sse-ends": { help: "An SSE stream that ends before the answer", only: "http" },
  "sse-breaks": { help: "An SSE stream whose socket breaks before the answer", only: "http" },
  "sse-resumes": {
    help: "An SSE stream that ends before the answer, which a GET with its Last-Event-ID gets (needs sessions)",
    only: "http"
  },
  "sse-silent": { help: "An SSE stream that stays open and silent", only: "http" }
} as const satisfies Readonly<Record<string, FaultRow>>

/** The name of a fault. */
export type FaultKind = keyof typeof faultTable

/** A fault as written: its name, or its name with `:VALUE`, `@WHERE`, `:WHICH`. */
export type FaultText = FaultKind | `${FaultKind}${":" | "@"}${string}`
