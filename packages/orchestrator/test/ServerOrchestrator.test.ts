import { assert, describe, it } from "@effect/vitest"
import { type CallResult, ServerExited } from "@signalbox/mcp"
import { localCall, type ToolResultContent } from "@signalbox/model"
import { managedDefaults, OrphanSweep, ServerOrchestrator, ToolCache } from "@signalbox/orchestrator"
import { Deferred, Effect, Fiber, Layer, Logger, Option, Random, Stream } from "effect"
import { TestClock } from "effect/testing"
import { makeFakeServers, managed, optionsFor, orchestrate, text, tool } from "./FakeServers.ts"

const names = (tools: ReadonlyArray<{ readonly name: string }>) => tools.map(({ name }) => name)

describe("the list of tools", () => {
  it.effect("follows the order of the configuration, whoever connects first", () =>
    Effect.gen(function* () {
      for (let run = 0; run < 20; run++) {
        const fakes = makeFakeServers()
        const servers = ["a", "b", "c", "d"]
        for (const name of servers) {
          fakes.behave(name).tools = [tool(`${name}_only`), tool("add")]
          fakes.behave(name).connect = Effect.sleep(yield* Random.nextIntBetween(1, 200))
        }
        const boxes = yield* orchestrate(fakes, servers)
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(
          names(yield* boxes.toolbox.list),
          servers.flatMap((name) => [`${name}_only`, `${name}__add`])
        )
      }
    })
  )

  it.effect("is the same array until something changes", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const boxes = yield* orchestrate(fakes, ["a"])
      yield* boxes.settled
      const before = yield* boxes.toolbox.list
      assert.strictEqual(yield* boxes.toolbox.list, before)
      fakes.behave("a").tools = [...fakes.behave("a").tools, tool("more")]
      const change = yield* Effect.forkChild(Stream.runHead(boxes.changes), { startImmediately: true })
      fakes.of("a")[0]?.sayToolsChanged()
      assert.strictEqual(Option.getOrThrow(yield* Fiber.join(change))._tag, "ToolsChanged")
      assert.deepStrictEqual(names(yield* boxes.toolbox.list), ["echo", "more"])
    })
  )

  it.effect("survives the loss and the restart of a server unchanged", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const boxes = yield* orchestrate(fakes, ["a", "b"])
      yield* boxes.settled
      const before = yield* boxes.toolbox.list
      fakes.of("a")[0]?.die()
      yield* TestClock.adjust(0)
      assert.strictEqual(yield* boxes.toolbox.list, before)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(fakes.of("a").length, 2)
      assert.strictEqual(yield* boxes.toolbox.list, before)
    })
  )

  it.effect("leaves out what the configuration does not let through, and says what it names in vain", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("a").tools = [tool("read"), tool("write"), tool("erase"), tool("read")]
      const lines: Array<string> = []
      const logger = Logger.make(({ message }) => void lines.push(String(message)))
      const boxes = yield* orchestrate(fakes, [
        managed("a", { tools: { ...managedDefaults.stdio.tools, allow: ["read", "erase", "raed"], deny: ["erase"] } })
      ]).pipe(Effect.provide(Logger.layer([logger])))
      yield* boxes.settled
      assert.deepStrictEqual(names(yield* boxes.toolbox.list), ["read"])
      assert.strictEqual((yield* Effect.flip(boxes.toolbox.call("write", {}, localCall()))).code, "TOOL_NOT_FOUND")
      assert.isTrue(lines.some((line) => line.includes("no tools named raed")))
    })
  )

  it.effect("says who runs a tool, what it calls itself and whether it is believed", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("a").tools = [
        { ...tool("add", { readOnlyHint: true, title: "Sum" }), outputSchema: { type: "object" } }
      ]
      fakes.behave("b").tools = [tool("add")]
      const boxes = yield* orchestrate(fakes, [managed("a", { isTrusted: true }), "b"])
      yield* boxes.settled
      const [first, second] = yield* boxes.toolbox.list
      assert.deepStrictEqual(first, {
        name: "a__add",
        originalName: "add",
        title: "Sum",
        description: "add.",
        inputSchema: { type: "object" },
        outputSchema: { type: "object" },
        annotations: { readOnlyHint: true, title: "Sum" },
        runBy: { _tag: "Host", source: "a" },
        isTrusted: true
      })
      assert.strictEqual(second?.isTrusted, false)
    })
  )
})

describe("routing", () => {
  it.effect("reaches each of two servers that have a tool of the same name, and the log names both", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const lines: Array<string> = []
      const logger = Logger.make(({ logLevel, message }) => void lines.push(`${logLevel} ${String(message)}`))
      for (const name of ["left", "right"]) fakes.behave(name).tools = [tool("add")]
      const boxes = yield* orchestrate(fakes, ["left", "right"]).pipe(Effect.provide(Logger.layer([logger])))
      yield* boxes.settled
      for (const { name, runBy } of yield* boxes.toolbox.list) {
        const { content } = yield* boxes.toolbox.call(name, {}, localCall())
        assert.deepStrictEqual(content, [{ type: "text", text: `${runBy._tag === "Host" ? runBy.source : ""}:add` }])
      }
      assert.deepStrictEqual(names(fakes.connections.flatMap(({ calls }) => calls)), ["add", "add"])
      const clashes = lines.filter((line) => line.includes("several servers"))
      assert.strictEqual(clashes.length, 1)
      assert.include(clashes[0], "add (left, right)")
      assert.match(clashes[0] ?? "", /^Info /)
    })
  )

  it.effect("warns of a clash in one short line where it hides tools, however many there are", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const lines: Array<string> = []
      const logger = Logger.make(({ logLevel, message }) => void lines.push(`${logLevel} ${String(message)}`))
      const tools = Array.from({ length: 40 }, (_, index) => tool(`tool${index}`))
      for (const name of ["left", "right"]) fakes.behave(name).tools = tools
      const boxes = yield* orchestrate(fakes, ["left", "right"], { naming: "first" }).pipe(
        Effect.provide(Logger.layer([logger]))
      )
      yield* boxes.settled
      const clashes = lines.filter((line) => line.includes("several servers"))
      assert.strictEqual(clashes.length, 1)
      assert.match(
        clashes[0] ?? "",
        /^Warn .*the first server keeps the name: tool0 \(left, right\), .*, and 37 more\.$/
      )
      assert.isBelow(clashes[0]?.length ?? 0, 200)
    })
  )

  it.effect("takes the qualified name of every tool, also of one whose name is unique or not listed", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const boxes = yield* orchestrate(fakes, ["a", "b"], { naming: "first" })
      yield* boxes.settled
      assert.deepStrictEqual(names(yield* boxes.toolbox.list), ["echo"])
      const { content } = yield* boxes.toolbox.call("b__echo", {}, localCall())
      assert.deepStrictEqual(content, [{ type: "text", text: "b:echo" }])
    })
  )

  it.effect("suggests the nearest name for one that does not exist", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("files").tools = [tool("read_file"), tool("write_file")]
      const boxes = yield* orchestrate(fakes, ["files"])
      yield* boxes.settled
      const error = yield* Effect.flip(boxes.toolbox.call("reed_file", {}, localCall()))
      assert.strictEqual(error.code, "TOOL_NOT_FOUND")
      assert.include(error.message, 'Did you mean "read_file"?')
    })
  )

  it.effect("waits for the server that has the tool, and for no other", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("hanging").connect = Effect.never
      fakes.behave("slow").connect = Effect.sleep("1 second")
      fakes.behave("slow").tools = [tool("late")]
      const boxes = yield* orchestrate(fakes, ["hanging", "slow"])
      const bare = yield* Effect.forkChild(boxes.toolbox.call("late", {}, localCall()))
      const qualified = yield* Effect.forkChild(boxes.toolbox.call("slow__late", {}, localCall()))
      const missing = yield* Effect.forkChild(Effect.flip(boxes.toolbox.call("slow__other", {}, localCall())))
      yield* TestClock.adjust("1 second")
      assert.isFalse((yield* Fiber.join(bare)).isError)
      assert.isFalse((yield* Fiber.join(qualified)).isError)
      assert.strictEqual((yield* Fiber.join(missing)).code, "TOOL_NOT_FOUND")
    })
  )
})

const block = (content: CallResult["content"][number]) => content

describe("results", () => {
  const cases: ReadonlyArray<readonly [CallResult["content"][number], ToolResultContent]> = [
    [block({ type: "text", text: "hello" }), { type: "text", text: "hello" }],
    [
      block({ type: "image", data: "AAAA", mimeType: "image/png" }),
      { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } }
    ],
    [
      block({ type: "resource", resource: { uri: "fx://status", mimeType: "text/plain", text: "online" } }),
      { type: "text", text: "[resource fx://status text/plain]\nonline" }
    ],
    ...[
      block({ type: "resource", resource: { uri: "fx://blob", mimeType: "application/zip", blob: "UEsDBA==" } }),
      block({ type: "audio", data: "UklGRg==", mimeType: "audio/wav" }),
      block({ type: "resource_link", uri: "fx://item/1", name: "item 1" }),
      block({ type: "hologram", depth: 3 }),
      block({ type: "text" }),
      block({ type: "image", data: 7 }),
      block({ type: "resource" })
    ].map((unreadable) => [unreadable, { type: "opaque", vendor: "mcp", block: unreadable }] as const)
  ]
  for (const [given, expected] of cases) {
    it.effect(`keep a block ${JSON.stringify(given)}`, () =>
      Effect.gen(function* () {
        const fakes = makeFakeServers()
        fakes.behave("a").call = () => Effect.succeed({ content: [given], isError: false, warnings: [] })
        const boxes = yield* orchestrate(fakes, ["a"])
        yield* boxes.settled
        assert.deepStrictEqual(yield* boxes.toolbox.call("echo", {}, localCall()), {
          content: [expected],
          isError: false
        })
      })
    )
  }

  it.effect("keep structured content, the verdict of the tool and warnings", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      fakes.behave("a").call = () =>
        Effect.succeed({ content: [], structuredContent: null, isError: true, warnings: ["odd"] })
      const boxes = yield* orchestrate(fakes, ["a"])
      yield* boxes.settled
      assert.deepStrictEqual(yield* boxes.toolbox.call("echo", {}, localCall()), {
        content: [],
        structuredContent: null,
        isError: true,
        warnings: ["odd"]
      })
    })
  )
})

describe("servers over HTTP", () => {
  it.effect("are shown with their address and without the mark of an owner", () =>
    Effect.gen(function* () {
      const fakes = makeFakeServers()
      const { server } = managed("web")
      const url = "http://127.0.0.1:9/mcp"
      const web = {
        ...managedDefaults.http,
        server: { ...server, endpoint: { transport: "http", url, headers: {} } as const }
      }
      const boxes = yield* orchestrate(fakes, [web], { owner: "1-1", sweepsOrphans: false })
      yield* boxes.settled
      const info = yield* boxes.server("web")
      assert.strictEqual(info.transport, "http")
      assert.strictEqual(info.url, url)
      fakes.behave("web").call = () => Effect.succeed(text("over http"))
      fakes.of("web")[0]?.die(new ServerExited({ serverName: "web", exitCode: 3, signal: undefined, stderrTail: [] }))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual((yield* boxes.server("web")).exit, { code: 3, signal: undefined })
    })
  )
})

describe("the sweep for what a killed program left", () => {
  it.effect("is done to its end, also when the program ends at once", () =>
    Effect.gen(function* () {
      const begun = yield* Deferred.make<void>()
      const gate = yield* Deferred.make<void>()
      const sweeping = Layer.succeed(OrphanSweep, {
        ownerOf: () => Effect.succeed(undefined),
        sweep: () => Effect.as(Effect.andThen(Deferred.succeed(begun, undefined), Deferred.await(gate)), [])
      })
      const options = optionsFor(["a"], { owner: "1-1", sweepsOrphans: true })
      const layer = Layer.provide(ServerOrchestrator.layerNoDeps(options), [
        makeFakeServers().layer,
        sweeping,
        ToolCache.layerNone
      ])
      const ended = yield* Effect.forkChild(Effect.scoped(Layer.build(layer)))
      yield* Deferred.await(begun)
      yield* TestClock.adjust("1 second")
      assert.isUndefined(ended.pollUnsafe())
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(ended)
    })
  )
})
