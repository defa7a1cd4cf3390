import { assert, describe, it } from "@effect/vitest"
import * as host from "@signalbox/host"
import * as server from "@signalbox/server"
import { startFxLlm } from "@signalbox/testing"
import { afterAll, beforeAll } from "vitest"
import { allErrors } from "../src/allErrors.ts"
import * as errors from "../src/errors.ts"
import { jsonLines, makePlace, type Place, upstream } from "./support.ts"

let place: Place

beforeAll(async () => {
  place = await makePlace()
  place.configure({ servers: { fx: place.server() } })
})

afterAll(async () => {
  await place[Symbol.asyncDispose]()
})

describe("the log", () => {
  it("is one JSON record a line on stderr, with its first keys in fixed order", async () => {
    const env = { LOG_FORMAT: "json" }
    const [flag, variable] = await Promise.all([
      place.run(["version", "--log-level", "debug"], { env }),
      place.run(["version"], { env: { ...env, LOG_LEVEL: "DEBUG" } })
    ])
    for (const { stderr, stdout } of [flag, variable]) {
      const records = jsonLines(stderr)
      assert.isAbove(records.length, 0)
      for (const record of records) {
        assert.deepStrictEqual(Object.keys(record).slice(0, 4), ["ts", "level", "message", "correlation_id"])
        assert.match(String(record["ts"]), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      }
      assert.match(stdout, /^signalbox /)
    }
  })

  it("is never on stdout, whatever its level and format", async () => {
    const runs = (["json", "logfmt", "pretty"] as const).map((LOG_FORMAT) =>
      place.run(["tools", "list", "--json"], { env: { LOG_FORMAT, LOG_LEVEL: "trace" } })
    )
    for (const ended of await Promise.all(runs)) {
      assert.strictEqual(ended.json().status, "success")
      assert.include(ended.stderr, "The command has ended.")
    }
  })
})

describe("the log of a server", () => {
  const script = [
    {
      when: { hasToolResults: false },
      reply: {
        toolCalls: [
          { name: "echo", input: { text: "{{lastUserText}}" } },
          { name: "add", input: { a: 1, b: 2 } }
        ]
      }
    },
    { when: { hasToolResults: true }, reply: { text: "done" } }
  ]

  it("has the request, the conversation and the call in each line about a tool, and none of them afterwards", async () => {
    await using home = await makePlace()
    await using fxLlm = await startFxLlm({ script })
    home.configure({ ...upstream("claude", fxLlm.url), server: { port: 0 }, servers: { fx: home.server() } })
    const env = { ANTHROPIC_API_KEY: "sk-canary-0123456789", LOG_FORMAT: "json", LOG_LEVEL: "debug" }
    const serving = home.start(["serve"], env)
    await serving.says("fx is ready")
    // On another stream than the line above: either can be read first.
    await serving.says("Listening on")
    const [, url = ""] = /Listening on (\S+)/.exec(serving.stdout()) ?? []
    const ask = (text: string) =>
      fetch(`${url}/v1/messages`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-correlation-id": `id-${text}`,
          "user-agent": `agent-${text}`
        },
        body: JSON.stringify({ model: "fx-model", max_tokens: 50, messages: [{ role: "user", content: text }] })
      })
    const answers = await Promise.all(["a", "b"].map(ask))
    const ids = answers.map(({ headers }) => headers.get("request-id"))
    assert.deepStrictEqual(
      answers.map(({ headers, status }) => [status, headers.get("x-correlation-id")]),
      [
        [200, "id-a"],
        [200, "id-b"]
      ]
    )
    serving.child.kill("SIGINT")
    const { stderr } = await serving.ended
    const records = jsonLines(
      stderr
        .split("\n")
        .filter((line) => line.startsWith("{"))
        .join("\n")
    )
    for (const [index, name] of ["a", "b"].entries()) {
      const own = records.filter((record) => record["request_id"] === ids[index])
      for (const record of own) {
        const context = { method: "POST", endpoint: "/v1/messages", user_agent: `agent-${name}` }
        assert.deepInclude(record, { correlation_id: `id-${name}`, ...context })
      }
      const calls = own.filter(({ message }) => message === "Tool call finished")
      assert.sameDeepMembers(
        calls.map(({ input_keys, message_count, step, tool_name }) => ({ input_keys, message_count, step, tool_name })),
        [
          { tool_name: "echo", input_keys: ["text"], step: 1, message_count: 1 },
          { tool_name: "add", input_keys: ["a", "b"], step: 1, message_count: 1 }
        ]
      )
      assert.strictEqual(new Set(calls.map((record) => record["tool_call_id"])).size, 2)
      for (const call of calls) {
        assert.isString(call["conversation_id"])
        assert.isNumber(call["duration_ms"])
      }
      const end = own.find(({ message }) => message === "request")
      assert.isNumber(end?.["duration_ms"])
      assert.doesNotHaveAnyKeys(end, ["conversation_id", "tool_name"])
    }
    const last = records.at(-1)
    assert.strictEqual(last?.["message"], "The command has ended.")
    assert.doesNotHaveAnyKeys(last, ["request_id", "conversation_id", "tool_name", "user_agent"])
  })
})

describe("the table of errors", () => {
  it("has a row for every class that the program's parts export", () => {
    const exported = [host, server, errors].flatMap((module) => Object.values<unknown>(module))
    const classes = exported.filter((value) => typeof value === "function" && "definition" in value)
    const known: ReadonlyArray<unknown> = allErrors
    assert.isAbove(classes.length, 10)
    assert.includeMembers([...known], classes)
  })
})
