/**
 * What people type, and what should come of it. Written before the engine was tuned, as data.
 * Each sentence is ranked against the three servers of the example configuration together with `with`.
 * The engine was tuned on these; the ones in `heldOut.ts` were kept aside.
 */

/** Stands for any text: where the schema wants a word that the sentence leaves open. */
export const anyText = "<any text>"

export interface Call {
  /** The tool, or several that serve equally well. */
  readonly tool: string | ReadonlyArray<string>
  /** Exactly these arguments, or one of several readings. */
  readonly arguments: Readonly<Record<string, unknown>> | ReadonlyArray<Readonly<Record<string, unknown>>>
}

export interface Sentence {
  /** The server beside the example ones, or none. */
  readonly with?: string
  readonly sentence: string
  /** The calls that should follow, in order. Empty: the model should decline, and call nothing. */
  readonly calls: ReadonlyArray<Call>
  /** The tool is clear but this argument is missing: the model should ask for it. */
  readonly asks?: { readonly tool: string | ReadonlyArray<string>; readonly argument: string }
}

const one = (sentence: string, tool: Call["tool"], args: Call["arguments"] = {}, server?: string): Sentence => ({
  sentence,
  calls: [{ tool, arguments: args }],
  ...(server === undefined ? {} : { with: server })
})

const read = ["read_text_file", "read_file"]
const id = "5f0c6a2e-8d1b-4c3f-9a77-2b1e0c9d4e11"

export const sentences: ReadonlyArray<Sentence> = [
  // filesystem
  one("read notes.txt", read, { path: "notes.txt" }),
  one("show me what's in docs/plan.md", read, { path: "docs/plan.md" }),
  one("What does the file 'shopping list.txt' say?", read, { path: "shopping list.txt" }),
  one("show the first 5 lines of server.log", read, { path: "server.log", head: 5 }),
  one("list the files here", ["list_directory", "list_directory_with_sizes"], { path: "." }),
  one("which files are in the sample folder?", ["list_directory", "list_directory_with_sizes"], { path: "." }),
  one("list the docs folder with sizes, sorted by size", "list_directory_with_sizes", { path: "docs", sortBy: "size" }),
  one("create a folder called reports", "create_directory", { path: "reports" }),
  one('write "hello world" to greeting.txt', "write_file", { path: "greeting.txt", content: "hello world" }),
  one("rename draft.md to final.md", "move_file", { source: "draft.md", destination: "final.md" }),
  one("read a.txt and b.txt", "read_multiple_files", { paths: ["a.txt", "b.txt"] }),
  one("find all *.md files in docs", "search_files", { path: "docs", pattern: "*.md" }),
  one('in config.json replace "debug" with "info"', "edit_file", {
    path: "config.json",
    edits: [{ oldText: "debug", newText: "info" }]
  }),
  one("how big is data.csv and when was it changed?", "get_file_info", { path: "data.csv" }),
  one("which directories am I allowed to use?", "list_allowed_directories"),
  one("give me a tree of the src directory", "directory_tree", { path: "src" }),
  one("open the picture logo.png", "read_media_file", { path: "logo.png" }),
  { sentence: "read a file", calls: [], asks: { tool: [...read, "read_media_file"], argument: "path" } },
  { sentence: "make a new folder", calls: [], asks: { tool: "create_directory", argument: "path" } },
  {
    sentence: "read notes.txt then write it to copy.txt",
    calls: [
      { tool: read, arguments: { path: "notes.txt" } },
      { tool: "write_file", arguments: { path: "copy.txt", content: "<result>" } }
    ]
  },
  {
    sentence: "create a folder called archive, then move old.txt to archive/old.txt",
    calls: [
      { tool: "create_directory", arguments: { path: "archive" } },
      { tool: "move_file", arguments: { source: "old.txt", destination: "archive/old.txt" } }
    ]
  },
  {
    sentence: "read notes.txt, then remember that the meeting is on Friday",
    calls: [
      { tool: read, arguments: { path: "notes.txt" } },
      {
        tool: "create_entities",
        arguments: { entities: [{ name: "meeting", entityType: anyText, observations: ["the meeting is on Friday"] }] }
      }
    ]
  },
  // memory
  one("remember that Anna likes tea", "create_entities", {
    entities: [{ name: "Anna", entityType: anyText, observations: ["Anna likes tea"] }]
  }),
  one("what do you remember?", "read_graph"),
  one("show me the whole knowledge graph", "read_graph"),
  one("what do you know about Anna?", "search_nodes", { query: "Anna" }),
  one("search my memory for tea", "search_nodes", { query: "tea" }),
  one("forget the entity Anna", "delete_entities", { entityNames: ["Anna"] }),
  one("create a relation from Anna to Acme: works at", "create_relations", {
    relations: [{ from: "Anna", to: "Acme", relationType: "works at" }]
  }),
  one('add the observation "prefers mornings" to Anna', "add_observations", {
    observations: [{ entityName: "Anna", contents: ["prefers mornings"] }]
  }),
  one("open the nodes Anna and Acme", "open_nodes", { names: ["Anna", "Acme"] }),
  one("please remember my birthday is on 3 May", ["create_entities"], {
    entities: [{ name: "birthday", entityType: anyText, observations: ["my birthday is on 3 May"] }]
  }),
  // everything
  one("echo hello there", "echo", { message: "hello there" }),
  one("add 3 and 4", "get-sum", { a: 3, b: 4 }),
  one("what is the sum of twelve and 30.5?", "get-sum", { a: 12, b: 30.5 }),
  one("show the environment variables", "get-env"),
  one("get me the tiny image", "get-tiny-image"),
  one("give me 4 resource links", "get-resource-links", { count: 4 }),
  one("run a long operation of 6 seconds in 3 steps", "trigger-long-running-operation", { duration: 6, steps: 3 }),
  one("turn the simulated logging on", "toggle-simulated-logging"),
  one("do some research on solar panels", "simulate-research-query", { topic: "solar panels" }),
  one("show me an annotated error message", "get-annotated-message", { messageType: "error" }),
  {
    sentence: "echo hello; then add 2 and 5",
    calls: [
      { tool: "echo", arguments: { message: "hello" } },
      { tool: "get-sum", arguments: { a: 2, b: 5 } }
    ]
  },
  // sequential thinking
  one(
    'think step by step: thought "How do I move house?", thoughtNumber 1, totalThoughts 3, nextThoughtNeeded true',
    "sequentialthinking",
    { thought: "How do I move house?", thoughtNumber: 1, totalThoughts: 3, nextThoughtNeeded: true },
    "sequential-thinking"
  ),
  {
    with: "sequential-thinking",
    sentence: "start sequential thinking about my garden",
    calls: [],
    asks: { tool: "sequentialthinking", argument: "nextThoughtNeeded" }
  },
  // context7
  one(
    "find the library id for next.js",
    "resolve-library-id",
    [
      { libraryName: "next.js", query: "next.js" },
      { libraryName: "next.js", query: "find the library id for next.js" }
    ],
    "context7"
  ),
  one(
    "look up routing in the docs of /vercel/next.js",
    "query-docs",
    [
      { libraryId: "/vercel/next.js", query: "routing" },
      { libraryId: "/vercel/next.js", query: "routing in the docs" },
      { libraryId: "/vercel/next.js", query: "look up routing in the docs of /vercel/next.js" }
    ],
    "context7"
  ),
  one(
    'query the docs libraryId=/mongodb/docs query="how to create an index"',
    "query-docs",
    { libraryId: "/mongodb/docs", query: "how to create an index" },
    "context7"
  ),
  // notion
  one("list all users", "API-get-users", {}, "notion"),
  one(
    "search for pages titled Roadmap",
    "API-post-search",
    [{ query: "Roadmap" }, { query: "Roadmap", filter: { value: "page" } }],
    "notion"
  ),
  one(`retrieve the page ${id}`, ["API-retrieve-a-page", "API-retrieve-page-markdown"], { page_id: id }, "notion"),
  one(`show page ${id} as markdown`, "API-retrieve-page-markdown", { page_id: id }, "notion"),
  one(`delete the block ${id}`, "API-delete-a-block", { block_id: id }, "notion"),
  one(`get the first 10 comments of block ${id}`, "API-retrieve-a-comment", { block_id: id, page_size: 10 }, "notion"),
  one(`retrieve database ${id}`, "API-retrieve-a-database", { database_id: id }, "notion"),
  one("who am I? retrieve my bot user", "API-get-self", {}, "notion"),
  // playwright
  one("go to https://example.com", "browser_navigate", { url: "https://example.com" }, "playwright"),
  one(
    "take a screenshot of the whole page",
    "browser_take_screenshot",
    [{ fullPage: true, scale: "css" }, { fullPage: true }],
    "playwright"
  ),
  one("press Enter", "browser_press_key", { key: "Enter" }, "playwright"),
  one("resize the browser window to 1280 x 720", "browser_resize", { width: 1280, height: 720 }, "playwright"),
  one(
    'click on the "Log in" button',
    "browser_click",
    [{ target: "Log in" }, { target: "Log in", element: "button" }, { target: "Log in", element: "Log in" }],
    "playwright"
  ),
  one(
    "open a new tab with https://effect.website",
    ["browser_tabs"],
    { action: "new", url: "https://effect.website" },
    "playwright"
  ),
  one("wait 3 seconds", "browser_wait_for", { time: 3 }, "playwright"),
  one("go back to the previous page", "browser_navigate_back", {}, "playwright"),
  one("show console errors", "browser_console_messages", { level: "error" }, "playwright"),
  one("switch the page to the dark color scheme", "browser_emulate_media", { colorScheme: "dark" }, "playwright"),
  // chrome-devtools
  one("list the open pages", "list_pages", {}, "chrome-devtools"),
  one("open https://example.org in a new page", "new_page", { url: "https://example.org" }, "chrome-devtools"),
  one("close page 2", "close_page", { pageId: 2 }, "chrome-devtools"),
  one("take a screenshot of page 1 as jpeg", "take_screenshot", { pageId: 1, format: "jpeg" }, "chrome-devtools"),
  {
    with: "chrome-devtools",
    sentence: "start a performance trace",
    calls: [],
    asks: { tool: "performance_start_trace", argument: "pageId" }
  },
  // nothing fits
  { sentence: "book me a flight to Lisbon", calls: [] },
  { sentence: "what's the weather like in Oslo tomorrow?", calls: [] },
  { sentence: "sing me a lullaby", calls: [] }
]
