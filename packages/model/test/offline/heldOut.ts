/**
 * Sentences of the same kind as in `sentences.ts`, written at the same time and not looked at while the
 * engine was tuned. Their score says how it does on what it has not seen.
 */
import { anyText, type Sentence } from "./sentences.ts"

const one = (
  sentence: string,
  tool: Sentence["calls"][number]["tool"],
  args: Sentence["calls"][number]["arguments"] = {},
  server?: string
): Sentence => ({ sentence, calls: [{ tool, arguments: args }], ...(server === undefined ? {} : { with: server }) })

const read = ["read_text_file", "read_file"]
const id = "0a9b8c7d-1e2f-4a3b-8c4d-5e6f7a8b9c0d"

export const heldOut: ReadonlyArray<Sentence> = [
  // filesystem
  one("can you open todo.md for me?", read, { path: "todo.md" }),
  one("display the last ten lines of logs/app.log", read, { path: "logs/app.log", tail: 10 }),
  one("what is in this folder?", ["list_directory", "list_directory_with_sizes"], { path: "." }),
  one("show me everything in /tmp/data", ["list_directory", "list_directory_with_sizes", "directory_tree"], {
    path: "/tmp/data"
  }),
  one('save "buy milk" in todo.txt', "write_file", { path: "todo.txt", content: "buy milk" }),
  one("move pictures/cat.jpg to pictures/pets/cat.jpg", "move_file", {
    source: "pictures/cat.jpg",
    destination: "pictures/pets/cat.jpg"
  }),
  one("make a directory named backups/2026", "create_directory", { path: "backups/2026" }),
  one("search src for files matching **/*.test.ts", "search_files", { path: "src", pattern: "**/*.test.ts" }),
  one("show the directory tree of project but leave out node_modules", "directory_tree", [
    { path: "project", excludePatterns: ["node_modules"] }
  ]),
  one("details of the file report.pdf please", "get_file_info", { path: "report.pdf" }),
  { sentence: "write something to a file", calls: [], asks: { tool: "write_file", argument: "path" } },
  {
    sentence: "1. list the files here 2. read README.md",
    calls: [
      { tool: ["list_directory", "list_directory_with_sizes"], arguments: { path: "." } },
      { tool: read, arguments: { path: "README.md" } }
    ]
  },
  // memory
  one("remember: the wifi password is swordfish", "create_entities", {
    entities: [{ name: "wifi password", entityType: anyText, observations: ["the wifi password is swordfish"] }]
  }),
  one("note that Bob is allergic to nuts", "create_entities", {
    entities: [{ name: "Bob", entityType: anyText, observations: ["Bob is allergic to nuts"] }]
  }),
  one("look for Acme in the knowledge graph", "search_nodes", { query: "Acme" }),
  one("delete the entities Bob and Carol", "delete_entities", { entityNames: ["Bob", "Carol"] }),
  one("read the graph", "read_graph"),
  // everything
  one('repeat "good morning"', "echo", { message: "good morning" }),
  one("sum 17 and 25", "get-sum", { a: 17, b: 25 }),
  one("print the env", "get-env"),
  one("get structured content for Chicago", "get-structured-content", { location: "Chicago" }),
  one("simulate a research query about honey bees", "simulate-research-query", { topic: "honey bees" }),
  one("compress https://example.com/a.txt with gzip", "gzip-file-as-resource", { data: "https://example.com/a.txt" }),
  // sequential thinking
  one(
    "sequential thinking with thought='Plan the trip' nextThoughtNeeded=false thoughtNumber=2 totalThoughts=2",
    "sequentialthinking",
    { thought: "Plan the trip", nextThoughtNeeded: false, thoughtNumber: 2, totalThoughts: 2 },
    "sequential-thinking"
  ),
  // context7
  one(
    'resolve the library "react"',
    "resolve-library-id",
    [
      { libraryName: "react", query: "react" },
      { libraryName: "react", query: 'resolve the library "react"' }
    ],
    "context7"
  ),
  one(
    'get documentation for /facebook/react about "useEffect"',
    "query-docs",
    { libraryId: "/facebook/react", query: "useEffect" },
    "context7"
  ),
  // notion
  one(`get user ${id}`, "API-get-user", { user_id: id }, "notion"),
  one(`list the children of block ${id}`, "API-get-block-children", { block_id: id }, "notion"),
  one(`list the templates of data source ${id}`, "API-list-data-source-templates", { data_source_id: id }, "notion"),
  one('search notion for "Meeting notes"', "API-post-search", { query: "Meeting notes" }, "notion"),
  // playwright
  one(
    "navigate to http://localhost:3000/login",
    "browser_navigate",
    { url: "http://localhost:3000/login" },
    "playwright"
  ),
  one("press the key ArrowDown", "browser_press_key", { key: "ArrowDown" }, "playwright"),
  one('type "hello" into #search', "browser_type", { target: "#search", text: "hello" }, "playwright"),
  one("list the network requests", "browser_network_requests", [{ static: false }, {}], "playwright"),
  one("hover over the element #menu", "browser_hover", { target: "#menu" }, "playwright"),
  one('wait for the text "Done"', "browser_wait_for", { text: "Done" }, "playwright"),
  one("close the browser", "browser_close", {}, "playwright"),
  // chrome-devtools
  one("resize page 1 to 800x600", "resize_page", { pageId: 1, width: 800, height: 600 }, "chrome-devtools"),
  one("list the console messages of page 3", "list_console_messages", { pageId: 3 }, "chrome-devtools"),
  // nothing fits
  { sentence: "order a pizza with extra cheese", calls: [] },
  { sentence: "translate this into French", calls: [] }
]
