import { assert, describe, it } from "@effect/vitest"
import { decodeChatRequest } from "@signalbox/provider-openai/serve"
import { Effect } from "effect"
import { plain, said } from "./turns.ts"

const decode = (body: Record<string, unknown>) => decodeChatRequest({ model: "big", ...body })

const messagesOf = (messages: ReadonlyArray<unknown>) =>
  Effect.map(decode({ messages }), ({ request }) => request.messages)

/** A call and its result, as a server that counts from zero in every turn makes them. */
const callAndResult = (id: string) => [
  { role: "assistant", content: null, tool_calls: [call(id)] },
  { role: "tool", tool_call_id: id, content: "x" }
]

const refusalOf = (message: unknown) => refusal({ model: "m", messages: [user, message] })

const refusal = (body: unknown) =>
  Effect.map(Effect.flip(decodeChatRequest(body)), ({ errorCode, path, reason }) => ({ path, reason, errorCode }))

const user = { role: "user", content: "go" }

const call = (id: string, name = "read", args = "{}") => ({
  id,
  type: "function",
  function: { name, arguments: args }
})

const use = (id: string) => ({ type: "tool_use", id, name: "read", input: {} }) as const

describe("messages of Chat Completions", () => {
  it.effect("make leading instructions the system prompt, later ones messages, and roles in a row one turn", () =>
    Effect.gen(function* () {
      const { request } = yield* decode({
        messages: [
          { role: "system", content: "a" },
          { role: "developer", content: [{ type: "text", text: "b" }] },
          user,
          { role: "user", content: "on" },
          { role: "assistant", content: "" },
          { role: "assistant", content: "yes" },
          { role: "developer", content: "c" }
        ]
      })
      assert.deepStrictEqual(request.system, [said("a"), said("b")])
      assert.deepStrictEqual(request.messages, [
        { role: "user", content: [said("go"), said("on")] },
        { role: "assistant", content: [said("yes")] },
        { role: "system", content: [said("c")] }
      ])
    })
  )

  it.effect("put results right after their calls, in call order, before whatever else the user said", () =>
    Effect.gen(function* () {
      const messages = yield* messagesOf([
        user,
        {
          role: "assistant",
          content: null,
          tool_calls: [call("a", "read", ""), call("b"), call("c", "read", "{oops")]
        },
        { role: "system", content: "mind" },
        { role: "tool", tool_call_id: "b", content: [{ type: "text", text: "two" }] },
        { role: "user", content: "and" },
        { role: "tool", tool_call_id: "a", content: "one" },
        { role: "tool", tool_call_id: "z", content: "lost" },
        { role: "user", content: "on" }
      ])
      assert.deepStrictEqual(plain(messages.slice(1)), [
        { role: "assistant", content: [use("a"), use("b"), { ...use("c"), invalidInput: "{oops" }] },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "a", content: "one" },
            { type: "tool_result", tool_use_id: "b", content: [said("two")] },
            { type: "tool_result", tool_use_id: "c", is_error: true, content: "There is no result." }
          ]
        },
        { role: "system", content: [said("mind")] },
        { role: "user", content: [said("and"), said("[Result of an earlier tool call]\nlost"), said("on")] }
      ])
    })
  )

  it.effect("never have two calls of one id, however a server counts", () =>
    Effect.gen(function* () {
      const messages = yield* messagesOf([user, ...callAndResult("call:0"), ...callAndResult("call:0"), user])
      const ids = messages.flatMap(({ content }) =>
        content.flatMap((block) =>
          block.type === "tool_use" ? [block.id] : block.type === "tool_result" ? [block.tool_use_id] : []
        )
      )
      assert.deepStrictEqual(ids, ["call_0", "call_0", "call_0_2", "call_0_2"])
    })
  )

  it.effect("keep pictures and files, also those of tools", () =>
    Effect.gen(function* () {
      const image = { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }
      const messages = yield* messagesOf([
        {
          role: "user",
          content: [
            image,
            { type: "image_url", image_url: { url: "https://x.test/a.png" } },
            { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,JVBE" } },
            { type: "file", file: { filename: "a.txt", file_data: "data:text/plain;base64,aGk=" } },
            { type: "text", text: "look", cache_control: { type: "ephemeral" } },
            { type: "text", text: "here", prompt_cache_breakpoint: { mode: "explicit", ttl: "30m" } }
          ]
        },
        { role: "assistant", content: null, tool_calls: [call("a")] },
        { role: "tool", tool_call_id: "a", content: [image] }
      ])
      const picture = { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } }
      assert.deepStrictEqual(plain(messages[0]?.content), [
        picture,
        { type: "image", source: { type: "url", url: "https://x.test/a.png" } },
        { type: "document", source: { type: "base64", media_type: "application/pdf", data: "JVBE" }, title: "a.pdf" },
        { type: "document", source: { type: "text", media_type: "text/plain", data: "hi" }, title: "a.txt" },
        { type: "text", text: "look", cache_control: { type: "ephemeral" } },
        { type: "text", text: "here", cache_control: { type: "ephemeral", ttl: "1h" } }
      ])
      assert.deepStrictEqual(plain(messages[2]?.content), [
        { type: "tool_result", tool_use_id: "a", content: [picture] }
      ])
    })
  )

  it.effect("ask a question also where all of them are instructions", () =>
    Effect.gen(function* () {
      const { request } = yield* decode({ messages: [{ role: "system", content: "Say hi." }] })
      assert.deepStrictEqual(request.system, [])
      assert.deepStrictEqual(request.messages, [{ role: "user", content: [said("Say hi.")] }])
    })
  )

  it.effect("bring thinking back, whole or in the pieces in which it was streamed", () =>
    Effect.gen(function* () {
      const [, whole, pieces, unsigned, proofless, rest] = yield* messagesOf([
        user,
        {
          role: "assistant",
          content: "a",
          reasoning_content: "hm",
          reasoning_details: [
            {
              type: "reasoning.text",
              id: "rs_0_0",
              format: "anthropic-claude-v1",
              index: 0,
              text: "hm",
              signature: "s"
            },
            { type: "reasoning.encrypted", format: "anthropic-claude-v1", data: "xx" },
            { type: "reasoning.encrypted", format: "openai-responses-v1", data: "yy" }
          ]
        },
        { role: "user", content: "1" },
        {
          role: "assistant",
          content: "b",
          reasoning_details: [
            { type: "reasoning.text", id: "rs_0_0", index: 0, text: "h" },
            { type: "reasoning.text", index: 0, text: "m" },
            { type: "reasoning.text", index: 0, signature: "s" }
          ]
        },
        { role: "user", content: "2" },
        { role: "assistant", content: "c", reasoning_content: "hm" },
        { role: "user", content: "3" },
        { role: "assistant", content: "d", reasoning_details: [{ type: "reasoning.text", index: 0, signature: "s" }] },
        { role: "user", content: "4" },
        // As the official accumulator keeps "hm": the last piece of each field.
        {
          role: "assistant",
          content: "e",
          reasoning_content: "m",
          reasoning_details: [{ type: "reasoning.text", index: 0, signature: "s" }]
        }
      ]).pipe(Effect.map((messages) => messages.filter(({ role }, index) => role === "assistant" || index === 0)))
      const thinking = { type: "thinking", thinking: "hm", signature: "s" } as const
      assert.deepStrictEqual(plain(whole?.content), [thinking, { type: "redacted_thinking", data: "xx" }, said("a")])
      assert.deepStrictEqual(pieces?.content, [thinking, said("b")])
      assert.deepStrictEqual(unsigned?.content, [{ ...thinking, signature: "" }, said("c")])
      assert.deepStrictEqual(proofless?.content, [said("d")])
      assert.deepStrictEqual(rest?.content, [said("e")])
    })
  )

  it.effect("bring back calls of the host, also where the client has kept little of them", () =>
    Effect.gen(function* () {
      const mcp = { type: "mcp_call", id: "a", server_label: "files", name: "read", arguments: "{}", output: "x" }
      const messages = yield* messagesOf([
        user,
        { role: "assistant", content: "Found it.", mcp_calls: [mcp, { type: "mcp_call", id: "b" }, { other: true }] },
        { role: "user", content: "on" }
      ])
      assert.deepStrictEqual(plain(messages.slice(1)), [
        { role: "assistant", content: [{ ...use("a"), runBy: { _tag: "Host", source: "files" } }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "a", content: "x" }] },
        { role: "assistant", content: [said("Found it.")] },
        { role: "user", content: [said("on")] }
      ])
    })
  )

  it.effect("are refused by their place where no model could be shown them", () =>
    Effect.gen(function* () {
      const part = (content: unknown) => refusalOf({ role: "user", content: [content] })
      const audio = yield* part({ type: "input_audio", input_audio: { data: "", format: "wav" } })
      assert.deepStrictEqual([audio.path, audio.errorCode], ["messages[1].content[0].type", "unsupported_content_type"])
      const paths = yield* Effect.forEach(
        [
          part({ type: "video_url", video_url: { url: "x" } }),
          part({ type: "image_url", image_url: { url: "data:image/tiff;base64,AA" } }),
          part({ type: "image_url", image_url: { url: "ftp://x" } }),
          part({ type: "file", file: { file_data: "data:application/zip;base64,AA" } }),
          part({ type: "text" }),
          refusalOf({ role: "critic", content: "x" }),
          refusalOf({ role: "tool", content: "x" }),
          refusalOf({ role: "system", content: [{ type: "image_url", image_url: { url: "https://x.test" } }] }),
          refusalOf({ role: "assistant", content: null, tool_calls: [{ id: "a", type: "function", function: {} }] }),
          refusalOf({ content: "x" })
        ],
        (one) => Effect.map(one, ({ path }) => path)
      )
      assert.deepStrictEqual(paths, [
        "messages[1].content[0].type",
        "messages[1].content[0].image_url",
        "messages[1].content[0].image_url",
        "messages[1].content[0].file.file_data",
        "messages[1].content[0].text",
        "messages[1].role",
        "messages[1].tool_call_id",
        "messages[1].content[0]",
        "messages[1].tool_calls[0].function.name",
        "messages[1].role"
      ])
    })
  )
})
