/** What every client is tried with over every upstream: what is said, what the model answers, and what has to come of it. */
import type { Reply } from "@signalbox/testing"
import type { Answer, Settings, Words } from "./Client.ts"
import { maxHops, type Upstream } from "./upstreams.ts"

/** What the caller does next: it says something, or answers its calls in order. */
type Next = Words | { readonly outputs: ReadonlyArray<string> }

type Expected = Omit<Partial<Answer>, "calls"> & { readonly calls?: ReadonlyArray<string> }

/** A line of the conversation that the upstream is asked with last. What some clients do not send back is marked. */
export type Line =
  | string
  | { readonly hosted: string }
  | { readonly thought: Readonly<Record<Upstream, string | undefined>> }

export interface Scenario {
  readonly name: string
  readonly settings?: Partial<Settings>
  readonly replies: ReadonlyArray<Reply>
  readonly turns: ReadonlyArray<readonly [Next, Expected]>
  readonly asked: ReadonlyArray<Line>
  /** What the last request to the upstream holds beside the conversation. */
  readonly offered?: ReadonlyArray<string>
}

const add = { name: "add", input: { a: 19, b: 23 } }
const readFile = { name: "read_file", input: { path: "a.txt" } }
const called = 'read_file {"path":"a.txt"}'
const again = { name: "echo", input: { text: "again" } }
const rounds: ReadonlyArray<Line> = [{ hosted: 'calls echo {"text":"again"}' }, { hosted: "result again" }]
const image = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
const hostTools = ["echo", "add", "sleep", "fail", "ask"]

const signed = (signature: string, sign: string): Line => ({
  // Servers of Chat Completions sign nothing, and get no thoughts back.
  thought: { claude: `thinks ${signature} ${sign}`, responses: `thinks ${signature} ${sign}`, chat: undefined }
})

export const scenarios: ReadonlyArray<Scenario> = [
  {
    name: "text, and a second question",
    replies: [{ text: ["Hello ", "there."] }, { text: "Still here." }],
    turns: [
      [{ text: "Hi" }, { text: "Hello there.", finish: "end" }],
      [{ text: "And now?" }, { text: "Still here.", finish: "end" }]
    ],
    asked: ["user Hi", "model Hello there.", "user And now?"],
    offered: hostTools
  },
  {
    name: "an answer that is cut off",
    replies: [{ text: "Hello th", stopReason: "max_tokens" }],
    turns: [[{ text: "Hi" }, { text: "Hello th", finish: "length" }]],
    asked: ["user Hi"]
  },
  {
    name: "an image",
    replies: [{ text: "A dot." }],
    turns: [
      [
        { text: "What is it?", image },
        { text: "A dot.", finish: "end" }
      ]
    ],
    asked: [`image ${image}`, "user What is it?"]
  },
  {
    name: "tools of the caller, two at once",
    settings: { tools: ["read_file"] },
    replies: [
      { text: "I look.", toolCalls: [readFile, { name: "read_file", input: { path: 'b"\n.txt' } }] },
      { text: "Read: {{toolResults}}" }
    ],
    turns: [
      [{ text: "Read" }, { text: "I look.", calls: [called, 'read_file {"path":"b\\"\\n.txt"}'], finish: "calls" }],
      [{ outputs: ["one", "two"] }, { text: "Read: one\ntwo", finish: "end" }]
    ],
    asked: [
      "user Read",
      "model I look.",
      `calls ${called}`,
      'calls read_file {"path":"b\\"\\n.txt"}',
      "result one",
      "result two"
    ],
    offered: ["read_file", ...hostTools]
  },
  {
    name: "a tool of the server in several rounds, and another question",
    replies: [
      { text: "First.", toolCalls: [add] },
      { text: "Then.", toolCalls: [{ name: "echo", input: { text: "x" } }] },
      { text: "Done." },
      { text: "Welcome." }
    ],
    turns: [
      [{ text: "Go" }, { hosted: ["add: 42", "echo: x"], finish: "end" }],
      [{ text: "Thanks" }, { text: "Welcome.", hosted: [], finish: "end" }]
    ],
    asked: [
      "user Go",
      "model First.",
      { hosted: 'calls add {"a":19,"b":23}' },
      { hosted: "result 42" },
      "model Then.",
      { hosted: 'calls echo {"text":"x"}' },
      { hosted: "result x" },
      "model Done.",
      "user Thanks"
    ]
  },
  {
    name: "tools of the server and of the caller in one reply",
    settings: { tools: ["read_file"] },
    replies: [{ text: "Both.", toolCalls: [add, readFile] }, { text: "Together: {{lastToolResult}}" }],
    turns: [
      [{ text: "Go" }, { text: "Both.", hosted: ["add: 42"], calls: [called], finish: "calls" }],
      [{ outputs: ["the text"] }, { text: "Together: the text", finish: "end" }]
    ],
    asked: [
      "user Go",
      "model Both.",
      { hosted: 'calls add {"a":19,"b":23}' },
      `calls ${called}`,
      { hosted: "result 42" },
      "result the text"
    ]
  },
  {
    name: "tools of the server and then of the caller",
    settings: { tools: ["read_file"] },
    replies: [{ toolCalls: [add] }, { toolCalls: [readFile] }, { text: "So: {{lastToolResult}}" }],
    turns: [
      [{ text: "Go" }, { hosted: ["add: 42"], calls: [called], finish: "calls" }],
      [{ outputs: ["the text"] }, { text: "So: the text", finish: "end" }]
    ],
    asked: [
      "user Go",
      { hosted: 'calls add {"a":19,"b":23}' },
      { hosted: "result 42" },
      `calls ${called}`,
      "result the text"
    ]
  },
  {
    name: "thinking, which comes back with its signature",
    settings: { thinks: true, tools: ["read_file"] },
    replies: [
      {
        blocks: [
          { type: "thinking", thinking: ["Let me ", "look."], signature: "c2lnbmVk" },
          { type: "text", text: "I look." },
          { type: "tool_call", name: "read_file", input: { path: "a.txt" } }
        ]
      },
      { text: "So: {{lastToolResult}}" }
    ],
    turns: [
      [{ text: "Go" }, { thoughts: ["Let me look."], text: "I look.", calls: [called], finish: "calls" }],
      [{ outputs: ["the text"] }, { text: "So: the text", finish: "end" }]
    ],
    asked: ["user Go", signed("Let me look.", "c2lnbmVk"), "model I look.", `calls ${called}`, "result the text"]
  },
  {
    name: "an answer in a form that the caller gives",
    settings: { isStructured: true },
    replies: [{ text: '{"city":"Bern"}' }],
    turns: [[{ text: "Capital?" }, { parsed: { city: "Bern" }, finish: "end" }]],
    asked: ["user Capital?"]
  },
  {
    name: "a call that is demanded, which is one of the caller's",
    settings: { tools: ["read_file"], mustCall: true },
    replies: [{ toolCalls: [readFile] }],
    turns: [[{ text: "Go" }, { calls: [called], finish: "calls" }]],
    asked: ["user Go"],
    offered: ["read_file"]
  },
  {
    name: "a tool of the caller with the name of one of the server's",
    settings: { tools: ["echo"] },
    replies: [
      {
        toolCalls: [
          { name: "echo", input: { path: "p" } },
          { name: "fx__echo", input: { text: "t" } }
        ]
      }
    ],
    turns: [[{ text: "Go" }, { calls: ['echo {"path":"p"}'], hosted: ["fx__echo: t"], finish: "calls" }]],
    asked: ["user Go"],
    offered: ["echo", "fx__echo", "add", "sleep", "fail", "ask"]
  },
  {
    name: "a tool that fails",
    replies: [{ toolCalls: [{ name: "fail", input: {} }] }, { text: "Pity." }],
    turns: [[{ text: "Go" }, { text: "Pity.", finish: "end" }]],
    asked: ["user Go", "calls fail {}", "result failed on purpose"]
  },
  {
    name: "the limit of rounds, which ends in words",
    replies: Array.from({ length: maxHops + 1 }, () => ({ toolCalls: [again] })),
    turns: [[{ text: "Go" }, { finish: "end" }]],
    asked: ["user Go", ...Array.from({ length: maxHops }, () => ['calls echo {"text":"again"}', "result again"]).flat()]
  },
  {
    name: "the limit of rounds in a reply that calls a tool of the caller, too",
    settings: { tools: ["read_file"] },
    replies: [
      ...Array.from({ length: maxHops }, () => ({ toolCalls: [again] })),
      { toolCalls: [again, readFile] },
      { text: "So: {{lastToolResult}}" }
    ],
    turns: [
      [{ text: "Go" }, { calls: [called], finish: "calls" }],
      [{ outputs: ["the text"] }, { text: "So: the text", finish: "end" }]
    ],
    asked: [
      "user Go",
      ...Array.from({ length: maxHops }, () => rounds).flat(),
      { hosted: 'calls echo {"text":"again"}' },
      `calls ${called}`,
      { hosted: `result TOOL_LIMIT_REACHED: not run: tool limit (${maxHops} rounds) reached.` },
      "result the text"
    ]
  },
  {
    name: "a tool that asks somebody, while nobody is there",
    replies: [{ toolCalls: [{ name: "ask", input: { question: "elicitation" } }] }, { text: "Nobody." }],
    turns: [[{ text: "Go" }, { text: "Nobody.", finish: "end" }]],
    asked: [
      "user Go",
      'calls ask {"question":"elicitation"}',
      'result {"error":{"code":-32601,"message":"Method not found"}}'
    ]
  }
]
