import { assert, describe, it } from "@effect/vitest"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { EventStore } from "@signalbox/conversation"
import { FileLock, layerJsonl, ProcessIdentities } from "@signalbox/conversation/jsonl"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { hostname } from "node:os"
import { makePlace, type Place } from "./support.ts"

/** A conversation of three turns, the second of which has called a tool that changes a file. */
const makeTrip = (place: Place) => {
  place.configure({ history: { folder: "kept" } })
  const lines = ["one", "two", "three"].flatMap((word, index) => {
    const shared = {
      schema_version: 2,
      conversation_id: "trip",
      timestamp: "2026-01-01T10:00:00.000Z",
      request_id: word
    }
    const at = (place: number, record: object) => ({
      ...shared,
      seq: index * 10 + place,
      id: `${word}${place}`,
      ...record
    })
    const note = (place: number, kind: string, data: object) =>
      at(place, { type: "meta", role: "system", kind, index: 0, data: { turn_id: `trip/${word}/0`, ...data } })
    const call = { type: "tool_use", id: `call-${word}`, name: "Edit", input: { path: "a.txt" } }
    return [
      at(1, { type: "user_message", role: "user", index: 0, content: [{ type: "text", text: `say ${word}` }] }),
      note(2, "turn_begun", { counts: { assistant: 0, calls: 0, results: 0 } }),
      ...(word === "two"
        ? [
            at(3, { type: "assistant_message", role: "assistant", index: 0, content: [call] }),
            at(4, {
              type: "tool_call",
              role: "assistant",
              index: 0,
              tool_call_id: call.id,
              name: call.name,
              arguments: call.input
            }),
            at(5, { type: "tool_result", role: "tool", index: 0, tool_call_id: call.id, content: "``` edited" })
          ]
        : []),
      at(6, {
        type: "assistant_message",
        role: "assistant",
        index: 1,
        content: [
          { type: "thinking", thinking: `about ${word}`, signature: "s" },
          { type: "text", text: `told ${word}` }
        ],
        model: "m",
        usage: { input_tokens: 10, output_tokens: 5 }
      }),
      note(7, "turn_ended", { end: word === "three" ? "stopped" : "finished" })
    ]
  })
  writeFileSync(place.file("trip.jsonl"), lines.map((line) => JSON.stringify(line)).join("\n"))
  return place.run(["history", "import", "trip.jsonl"])
}

const metaOf = (kind: string, data: object) => ({ type: "meta", role: "system", kind, data })

/** A conversation whose program ended while a call ran that may not run twice. */
const makeLost = (place: Place): void => {
  place.configure({ history: { folder: "kept" } })
  mkdirSync(place.file("kept"))
  const content = [
    { type: "text", text: "I use two." },
    { type: "tool_use", id: "one", name: "Bash", input: { command: "sleep 30" } },
    { type: "tool_use", id: "two", name: "Edit", input: { path: "a.txt" } }
  ]
  const reply = {
    id: "m",
    model: "m",
    content,
    stop_reason: "tool_use",
    stop_sequence: null,
    usage: { input_tokens: 0, output_tokens: 0 }
  }
  const records = [
    { type: "user_message", role: "user", content: [{ type: "text", text: "do it" }] },
    metaOf("turn_begun", { turn_id: "lost/r/0", counts: { assistant: 0, calls: 0, results: 0 } }),
    metaOf("assistant_delta", { text: "I use two." }),
    metaOf("step_done", { step_id: "lost/r/0/1/model", value: reply }),
    metaOf("step_begun", { step_id: "lost/r/0/1/tool/0", subject: "one" })
  ]
  const lines = records.map((record, index) =>
    JSON.stringify({
      schema_version: 2,
      conversation_id: "lost",
      request_id: "r",
      seq: index + 1,
      id: `lost${index}`,
      index,
      timestamp: `2026-01-01T10:00:0${index}.000Z`,
      ...record
    })
  )
  writeFileSync(place.file("kept/lost.jsonl"), `${lines.join("\n")}\n`)
}

const said = async (place: Place, name: string): Promise<ReadonlyArray<string>> => {
  const { data } = (await place.run(["sessions", "show", name, "--json"])).json()
  return data.turns.map((turn: { said: string }) => turn.said)
}

describe("a conversation that is kept", () => {
  it("goes back, and says that files do not", async () => {
    await using place = await makePlace()
    await makeTrip(place)
    const shown = await place.run(["sessions", "show", "trip"])
    assert.match(shown.stdout, /2 {3}you say two\n/)
    assert.match(shown.stdout, /2\.1 calls Edit/)
    assert.match(shown.stdout, /2\.2 model told two/)
    const trial = await place.run(["sessions", "rewind", "trip", "--to", "1", "--dry-run"])
    assert.strictEqual(trial.code, 0, trial.stderr)
    assert.include(trial.stdout, "trip would be at turn 1: 5 messages of 2 turns would be out of it")
    assert.lengthOf(await said(place, "trip"), 3)
    const back = await place.run(["sessions", "rewind", "trip", "--to", "1"])
    assert.include(back.stdout, "trip is at turn 1: 5 messages of 2 turns are out of it")
    assert.include(back.stderr, "1 tool call is out of it; what was done stays done: Edit")
    assert.include(back.stderr, "Files are not rewound. See what can be taken back: signalbox undo --list")
    assert.deepStrictEqual(await said(place, "trip"), ["say one"])
    const again = (await place.run(["sessions", "rewind", "trip", "--to", "1", "--json"])).json().data
    assert.deepStrictEqual(again, {
      name: "trip",
      to: "1",
      turns: 0,
      messages: 0,
      calls: [],
      files_changed: false,
      dry_run: false
    })
    const none = await place.run(["sessions", "rewind", "trip", "--to", "4", "--json"])
    assert.strictEqual(none.json().error_code, "HISTORY_POINT_NOT_FOUND")
    assert.strictEqual((await place.run(["sessions", "rewind", "trip", "--to", "x", "--json"])).code, 2)
  })

  it("says of which calls nobody knows after a crash", async () => {
    await using place = await makePlace()
    makeLost(place)
    const shown = await place.run(["sessions", "show", "lost", "--partial"])
    assert.include(
      shown.stdout,
      [
        "2026-01-01 10:00:00 1   you do it",
        "2026-01-01 10:00:03 1.1 model I use two.",
        '2026-01-01 10:00:04 1.1 calls Bash {"command":"sleep 30"}  begun: nobody knows whether it took effect',
        '2026-01-01 10:00:03 1.1 calls Edit {"path":"a.txt"}  not sent, or can be made again without harm\n'
      ].join("\n")
    )
    assert.notInclude(shown.stdout, "broke off")
    const went = await place.run(["chat", "--continue", "hello"])
    assert.include(
      went.stderr,
      [
        "Going on with lost: 1 message so far",
        '! The last turn was cut off; Bash {"command":"sleep 30"} had begun: nobody knows whether it took effect.\n'
      ].join("\n")
    )
    assert.notInclude(went.stderr, "did not end")
  })

  it("is deleted when its turn in another program is over, and not in the middle of it", async () => {
    await using place = await makePlace()
    makeLost(place)
    const kept = place.file("kept/lost.jsonl")
    // This process has the turn, as far as others can see.
    const turn = Effect.runSync(Scope.make())
    const store = layerJsonl({ folder: place.file("kept"), durability: "flush", strict: false }).pipe(
      Layer.provide(FileLock.layer),
      Layer.provide(ProcessIdentities.layer({ pid: process.pid, hostname: hostname() })),
      Layer.provide(NodeServices.layer)
    )
    await Effect.runPromise(
      Layer.build(store).pipe(
        Effect.flatMap((context) => Context.get(context, EventStore).lockTurn("lost", "1 second")),
        Scope.provide(turn)
      )
    )
    const deleting = place.start(["sessions", "delete", "lost", "--yes"])
    await deleting.says("a turn of lost runs in another program: waiting until it is over, 30.0 s at most")
    assert.isTrue(existsSync(kept))
    const chat = place.start(["chat", "--session", "lost", "hello"])
    await chat.says("A turn of lost runs in another program: what you say waits until it is over")
    chat.child.kill("SIGINT")
    await chat.ended
    await Effect.runPromise(Scope.close(turn, Exit.void))
    const { code, stdout } = await deleting.ended
    assert.deepStrictEqual([code, stdout], [0, "✓ lost is deleted\n"])
    assert.isFalse(existsSync(kept))
  })

  it("goes two ways, under a name of its own", async () => {
    await using place = await makePlace()
    await makeTrip(place)
    const forked = await place.run(["sessions", "fork", "tr", "--at", "2.1"])
    assert.strictEqual(forked.code, 0, forked.stderr)
    assert.include(forked.stdout, "trip-2 is trip up to step 1 of turn 2")
    assert.include(forked.stderr, "signalbox sessions resume trip-2")
    const went = await place.run(["chat", "--session", "trip-2", "another way", "--json"])
    assert.strictEqual(went.code, 0, went.stderr)
    assert.deepStrictEqual(await said(place, "trip-2"), ["say one", "say two", "another way"])
    assert.deepStrictEqual(await said(place, "trip"), ["say one", "say two", "say three"])
    const listed = (await place.run(["sessions", "list", "--json"])).json().data
    assert.deepInclude(listed[0], { name: "trip", title: "say one", turns: 3, forked_from: null, end: "stopped" })
    assert.deepInclude(listed[1], { name: "trip-2", turns: 3, forked_from: { name: "trip", at: "2.1" } })
    const list = (await place.run(["sessions", "list"])).stdout
    assert.match(list, /trip {4}3 turns {2}.* ago {2,}stopped {2,}say one/)
    assert.match(list, /trip-2 {2}3 turns {2}just now {2,}from trip at 2\.1 {2}say one/)
    const long = "x".repeat(300)
    const [blank, tooLong, taken] = await Promise.all([
      place.run(["chat", "--session", "  ", "hello", "--json"]),
      place.run(["chat", "--session", long, "hello"]),
      place.run(["sessions", "fork", "trip", "--id", "trip-2", "--json"])
    ])
    assert.deepStrictEqual([blank.code, blank.json().error_code], [2, "INVALID_USAGE"])
    assert.match(tooLong.stderr, /--session.*: "x{39}…"\. Expected: a name of 1 to 128 characters on one line/)
    assert.strictEqual(taken.json().error_code, "SESSION_EXISTS")
    assert.include(
      taken.json().error?.hint,
      "--id, or go on with the one that is there: signalbox sessions resume trip-2"
    )
  })

  it("is found by the beginning of its name, and says what is near where there is none", async () => {
    await using place = await makePlace()
    await makeTrip(place)
    await place.run(["sessions", "fork", "trip", "--id", "tram"])
    const blank = await place.run(["sessions", "fork", "tram", "--id", "a trip"])
    assert.include(blank.stderr, "signalbox sessions resume 'a trip'")
    const several = (await place.run(["sessions", "show", "tr", "--json"])).json()
    assert.strictEqual(several.error_code, "SESSION_AMBIGUOUS")
    assert.include(several.error?.message, "tram, trip")
    assert.strictEqual((await place.run(["sessions", "show", "tri", "--json"])).json().data.name, "trip")
    const none = (await place.run(["sessions", "show", "tripp", "--json"])).json()
    assert.include(none.error?.hint, 'Did you mean "trip"?')
  })

  it("is exported as a whole, for people and for other stores", async () => {
    await using place = await makePlace()
    await makeTrip(place)
    await place.run(["sessions", "rewind", "trip", "--to", "2"])
    const text = (await place.run(["sessions", "export", "trip", "--format", "md"])).stdout
    for (const part of [
      "# trip\n",
      "## Turn 2 · 2026-01-01T10:00:00.000Z",
      "**You**\n\nsay two",
      "> about two",
      "**Call of `Edit`**",
      "````\n``` edited\n````",
      "*m · input tokens 10 · output tokens 5*"
    ])
      assert.include(text, part)
    assert.notInclude(text, "say three")
    writeFileSync(place.file("out.jsonl"), (await place.run(["sessions", "export", "trip"])).stdout)
    const into = await place.run(["history", "import", "out.jsonl", "--session", "copy", "--json"])
    assert.deepStrictEqual(into.json().data.rejected, [])
    assert.strictEqual(
      (await place.run(["sessions", "export", "copy", "--format", "md"])).stdout,
      text.replace("# trip", "# copy")
    )
  })

  it("is gone on with by the beginning of its name, and the one used last without any", async () => {
    await using place = await makePlace()
    const nothing = await place.run(["chat", "--continue", "hello"])
    assert.strictEqual(nothing.code, 2)
    assert.include(nothing.stderr, "There is nothing to go on with")
    await makeTrip(place)
    const went = await place.run(["sessions", "resume", "tr", "more", "words", "--json"])
    assert.strictEqual(went.code, 0, went.stderr)
    assert.strictEqual(went.json().status, "success")
    assert.deepStrictEqual(await said(place, "trip"), ["say one", "say two", "say three", "more words"])
    await place.run(["chat", "--session", "rail", "about trains"])
    const last = await place.run(["sessions", "resume"], { input: "and back\nquit\n" })
    assert.include(last.stderr, "Going on with rail: 2 messages so far")
    assert.deepStrictEqual(await said(place, "rail"), ["about trains", "and back"])
    assert.strictEqual((await place.run(["chat", "--continue", "third"])).code, 0)
    assert.deepStrictEqual(await said(place, "rail"), ["about trains", "and back", "third"])
    assert.strictEqual((await place.run(["chat", "--continue", "--session", "x", "y", "--json"])).code, 2)
    const none = await place.run(["sessions", "resume", "tripp", "--json"])
    assert.strictEqual(none.code, 1)
    assert.strictEqual(none.json().error_code, "SESSION_NOT_FOUND")
    await place.run(["sessions", "fork", "rail", "--model", "claude-x"])
    place.configure({ history: { folder: "kept" }, model: { provider: "auto" } })
    const forked = (await place.run(["sessions", "resume", "rail-2", "hello", "--json"])).json()
    assert.include(forked.error?.message, "claude-x")
    const named = await place.run(["sessions", "resume", "rail-2", "hello", "--provider", "offline", "--model", "any"])
    assert.strictEqual(named.code, 0, named.stderr)
  })
})
