import { assert, afterAll, beforeAll, describe, it } from "@effect/vitest"
import { startPostgres, type TestPostgres } from "@signalbox/tooling/postgres"
import { writeFileSync } from "node:fs"
import { makePlace } from "./support.ts"

let server: TestPostgres | undefined

beforeAll(async () => {
  const started = await startPostgres()
  if ("missing" in started)
    process.stderr.write(`\nSKIPPED: conversations in PostgreSQL, because ${started.missing}.\n\n`)
  else server = started
})

afterAll(() => server?.close())

describe("conversations with a name, in PostgreSQL", () => {
  it("outlive the program, and are found and changed as in files", async ({ skip }) => {
    if (server === undefined) return skip("there is no PostgreSQL")
    await using place = await makePlace()
    place.configure({ history: { store: "postgres", postgres: { url: "env:DATABASE_URL" } } })
    const env = { DATABASE_URL: await server.createDatabase() }
    const first = await place.run(["chat", "--session", "trip", "hello there", "--json"], { env })
    assert.strictEqual(first.code, 0, first.stderr)
    await server.restart("INT")
    const second = await place.run(["chat", "--session", "trip"], { input: "hello again\nquit\n", env })
    assert.strictEqual(second.code, 0, second.stderr)
    assert.include(second.stderr, "Going on with trip: 2 messages so far")
    const listed = await place.run(["sessions", "list", "--json"], { env })
    assert.deepInclude(listed.json().data[0], { name: "trip", messages: 4, last_said: "hello again" })
    const stats = await place.run(["history", "stats", "--json"], { env })
    assert.strictEqual(stats.json().data.by_type.user_message.events, 2)
    assert.isAbove((await place.run(["history", "compact", "--json"], { env })).json().data.bytes_freed, 0)

    const exported = await place.run(["sessions", "export", "trip"], { env })
    writeFileSync(place.file("trip.jsonl"), exported.stdout)
    const into = ["history", "import", "trip.jsonl", "--session", "copy", "--json"]
    const lines = exported.stdout.trimEnd().split("\n").length
    assert.strictEqual((await place.run(into, { env })).json().data.imported, lines)
    assert.strictEqual((await place.run(into, { env })).json().data.imported, 0)
    assert.strictEqual((await place.run(["sessions", "delete", "copy", "--yes"], { env })).code, 0)
    assert.strictEqual((await place.run(["sessions", "show", "copy"], { env })).code, 1)
    const doctor = await place.run(["doctor"], { env })
    assert.match(doctor.stdout, /✓ the history is kept at 127\.0\.0\.1:\d+\/test_\w+, PostgreSQL \d/)
  })

  it("say what is wrong with the database, and what to do", async ({ skip }) => {
    if (server === undefined) return skip("there is no PostgreSQL")
    await using place = await makePlace()
    place.configure({ history: { store: "postgres", postgres: { url: "env:DATABASE_URL" } } })
    const list = (DATABASE_URL: string) => place.run(["sessions", "list"], { env: { DATABASE_URL } })
    const unset = await list("")
    assert.strictEqual(unset.code, 78)
    assert.include(unset.stderr, "history.postgres.url: the environment variable DATABASE_URL is not set")
    const login = await list(server.url("postgres", { user: "postgres", password: "sk-canary-wrong" }))
    assert.strictEqual(login.code, 78)
    assert.match(login.stderr, /HISTORY_DATABASE_REFUSED.*password[^]*→ Check the user and the password/)
    const missing = await list(server.url("nowhere"))
    assert.strictEqual(missing.code, 78)
    assert.match(missing.stderr, /"nowhere" does not exist[^]*→ Create the database/)
    await server.stop()
    const gone = await list(server.url())
    const doctor = await place.run(["doctor", "--json"], { env: { DATABASE_URL: server.url() } })
    await server.start()
    assert.strictEqual(gone.code, 69)
    assert.match(gone.stderr, /HISTORY_DATABASE_UNREACHABLE.*ECONNREFUSED/)
    assert.deepInclude(doctor.json().data.findings[0], { code: "HISTORY_UNREACHABLE", path: "history.postgres.url" })
    for (const { stderr, stdout } of [unset, login, missing, gone, doctor]) assert.notInclude(stderr + stdout, "canary")
  })
})
