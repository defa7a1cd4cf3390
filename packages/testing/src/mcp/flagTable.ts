/**
 * Every flag of fx-mcp, as data: `--help`, the parser and the TypeScript type of the options are made from this table, so
 * they cannot differ. Keys are the names in TypeScript; on the command line they are spelled with dashes.
 */

/** `switch` is on or off, `count` a whole number ≥ 0, `duration` milliseconds (`400`, `400ms`, `1.5s`), `texts` may be repeated. */
export type FlagKind = "switch" | "count" | "duration" | "text" | "texts"

/** One row: its kind, what it does, and for `choice`-like texts what may be given. */
export interface Flag<K extends FlagKind = FlagKind> {
  readonly kind: K
  readonly help: string
  readonly value: string
}

const row = <const K extends FlagKind>(kind: K, help: string, value?: string): Flag<K> => ({
  kind,
  help,
  value: value ?? { switch: "", count: "N", duration: "MS", text: "TEXT", texts: "TEXT" }[kind]
})

/** The flags, grouped as `--help` prints them. */
export const flagTable = {
  "What it is": {
    http: row(
      "count",
      "Serve Streamable HTTP on this port of 127.0.0.1 (0 = any) instead of stdio; prints {url,pid}",
      "PORT"
    ),
    path: row("text", "Path of the HTTP endpoint (default /mcp)", "PATH"),
    era: row(
      "text",
      "2025 = initialize handshake, 2026 = stateless with server/discover, both (default)",
      "2025|2026|both"
    ),
    stateless: row("switch", "HTTP, 2025 era: no Mcp-Session-Id, every POST stands alone"),
    legacySse: row("switch", "HTTP: the transport of 2024-11-05, GET for a stream and POST for messages"),
    answers: row("text", "HTTP: answer requests with an SSE stream (default) or with one JSON body", "sse|json"),
    exitOnEof: row("switch", "HTTP: exit when stdin ends (stdio servers do so unless --ignore-eof)"),
    name: row("text", "Server name (default fx-mcp)"),
    instructions: row("text", "Instructions for the model"),
    onlyTools: row("switch", "No prompts, resources, completions or logging"),
    log: row("text", "Append one JSON line for each thing that reached the server; see readFxMcpLog", "FILE"),
    state: row(
      "text",
      "Keeps the count of starts for --fail-init across processes (default: FILE of --log + .state)",
      "FILE"
    )
  },
  Tools: {
    tools: row(
      "text",
      "Names of built-in tools and numbers of generated ones: echo,add or 250 (default: all built-in)",
      "LIST"
    ),
    pageSize: row("count", "Entries per page of any list (default: all on one page)"),
    items: row("count", "Prompts, resources and templates of each kind (default 1)"),
    ttl: row("duration", "How long lists may be kept, as the stateless revision says it (default 0)"),
    duplicateTools: row("switch", "Lists the first tool twice"),
    noInputSchema: row("switch", "Adds a tool without inputSchema"),
    brokenOutputSchema: row("switch", "Adds a tool whose outputSchema is not a JSON Schema"),
    sameCursor: row("switch", "Every page of tools/list names the same next cursor"),
    endlessCursors: row("switch", "Every page of tools/list names a new next cursor"),
    listChangedAfter: row("count", "After so many calls adds the tool `added` and sends tools/list_changed"),
    progress: row("count", "Progress notifications during each call that asks for them"),
    ask: row("text", "Asks the client back during each call", "elicitation|url|sampling|roots|ping"),
    tasks: row(
      "text",
      "Runs calls as tasks, where the client follows them; required runs no other",
      "optional|required"
    )
  },
  "Start and handshake": {
    startupDelay: row("duration", "Waits before it reads or listens at all"),
    initDelay: row("duration", "Waits before it answers initialize (or server/discover)"),
    hangInit: row("switch", "Never answers initialize (nor server/discover)"),
    failInit: row("text", "Answers initialize with an error for the first N starts, or always", "N|always"),
    failInitBy: row("text", "How --fail-init fails (default error)", "error|exit"),
    protocolVersion: row("text", "Answers initialize with this version, whatever was asked", "VERSION"),
    refuseVersion: row("switch", "Answers initialize with an error: protocol version not supported"),
    stderrText: row("text", "Writes this line to stderr at the start"),
    stderrBytes: row("count", "Writes so many bytes to stderr at the start", "BYTES"),
    exitAtStart: row("count", "Exits at once with this code (after the stderr text)", "CODE")
  },
  Calls: {
    callDelay: row("duration", "Waits in each tools/call before the tool runs; a cancelled call ends at once"),
    listDelay: row("duration", "Waits before it answers tools/list"),
    readDelay: row("duration", "Waits before it answers resources/read"),
    failRead: row("text", "Answers resources/read of these addresses (commas between) with an error", "LIST"),
    failCall: row("count", "Answers call N (from 1) with a JSON-RPC error"),
    hangCall: row("count", "Never answers call N (from 1)"),
    crashAfter: row("count", "Dies after it has answered N calls"),
    crashCode: row("count", "Exit code of --crash-after (default 1)", "CODE"),
    crashSignal: row("text", "Dies by this signal instead", "SIGNAL"),
    sessionCalls: row("count", "HTTP: a session answers N calls, then is unknown (404)")
  },
  Process: {
    ignoreEof: row("switch", "Stays alive when stdin ends"),
    ignoreTerm: row("switch", "Ignores SIGTERM, SIGINT and SIGHUP"),
    grandchild: row("switch", "Starts a child that holds stdout and stderr and ignores signals"),
    maxLife: row("duration", "Exits by itself after this time, its grandchild too (default 10 minutes)")
  },
  "Bytes on stdout": {
    junkLines: row("count", "Lines that are not JSON before the first message"),
    bom: row("switch", "A UTF-8 byte order mark before the first message"),
    textBefore: row("text", "Text without a line end right before the first message"),
    splitCharacters: row("switch", "Writes in pieces that end in the middle of multi-byte characters")
  },
  "HTTP only": {
    retryAfter: row("text", "Retry-After of a `status` fault", "VALUE"),
    wwwAuthenticate: row("text", "WWW-Authenticate of a `status` fault", "VALUE"),
    getStream: row("text", "The stream of a session (GET) answers 500, or breaks each time it is opened", "500|breaks")
  },
  OAuth: {
    oauth: row(
      "switch",
      "HTTP: wants bearer tokens, and is the authorization server that gives them; see also /expire"
    ),
    tokenLife: row("duration", "How long an access token lives (default 1 hour)"),
    refreshDelay: row("duration", "Waits before it renews a token"),
    refuseRefresh: row("switch", "Renews no token; the answer repeats what was sent"),
    wrongIss: row("switch", "The redirect names another issuer"),
    denyLogin: row("switch", "The redirect says that the person declined"),
    noRegistration: row("switch", "Registers no clients; `fx-client` with the secret `fx-client-secret` is known"),
    scopedTool: row("text", "This tool wants a scope of its own, tools:TOOL", "TOOL")
  },
  Faults: {
    fault: row("texts", "KIND[:VALUE][@WHERE[:WHICH]], may be repeated; see below", "FAULT")
  }
} as const satisfies Readonly<Record<string, Readonly<Record<string, Flag>>>>
