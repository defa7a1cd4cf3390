import { assert, describe, it } from "@effect/vitest"
import { type FxMcpFlags, readFxMcpLog, startFxMcpHttp } from "@signalbox/testing"
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs"
import { makePlace, type Place, type Running } from "./support.ts"

/** A place whose server wants logins. */
const makeProtected = async (flags: FxMcpFlags = {}, auth?: object) => {
  const place = await makePlace()
  const log = place.file("fx.log")
  const server = await startFxMcpHttp({ oauth: true, log, ...flags })
  place.configure({
    servers: {
      fx: {
        enabled: true,
        transport: "http",
        url: server.url,
        headers: {},
        ...(auth === undefined ? {} : { auth })
      }
    }
  })
  return {
    place,
    server,
    outcomes: (method: string) =>
      readFxMcpLog(log).flatMap((event) => (event.event === "oauth" && event.method === method ? [event.outcome] : [])),
    [Symbol.asyncDispose]: async () => {
      await server.close()
      await place[Symbol.asyncDispose]()
    }
  }
}

/** The link that a person is shown. */
const linkOf = async (running: Running): Promise<URL> => {
  await running.says("&state=")
  await running.says("\n\n")
  return new URL(/https?:\/\/\S+\/authorize\?\S+/.exec(running.stderr())?.[0] ?? "")
}

/** Logs in as a person with a browser would. */
const logIn = async (place: Place) => {
  const running = place.start(["servers", "login", "fx", "--no-browser", "--json"])
  const page = await fetch(await linkOf(running))
  assert.strictEqual(page.status, 200)
  assert.include(await page.text(), "You can close this window")
  return running.ended
}

describe("signalbox servers login", () => {
  it("waits for the browser; the login is used by every command until it is forgotten", async () => {
    await using fixture = await makeProtected()
    const { place } = fixture
    const before = await place.run(["servers", "status"])
    assert.include(before.stdout, "needs login")
    assert.include(before.stdout, "signalbox servers login fx")
    const doctor = await place.run(["doctor", "fx", "--json"])
    assert.include(JSON.stringify(doctor.json().data), "NEEDS_LOGIN")
    assert.include(JSON.stringify(doctor.json().data), "signalbox servers login fx")

    const login = await logIn(place)
    assert.strictEqual(login.code, 0)
    assert.deepInclude(login.json().data, { name: "fx", scope: "tools", is_renewable: true })
    assert.notInclude(login.stdout + login.stderr, "fx-access-")
    const call = await place.run(["tools", "call", "fx", "echo", "text=hello", "--json"])
    assert.strictEqual(call.code, 0, call.stdout)
    assert.strictEqual((await place.run(["servers", "status"])).code, 0)
    assert.deepStrictEqual(fixture.outcomes("authorize"), ["tools"])

    const logout = await place.run(["servers", "logout", "fx"])
    assert.include(logout.stdout, "forgotten")
    assert.deepInclude((await place.run(["servers", "logout", "fx", "--json"])).json().data, { was_logged_in: false })
    assert.include((await place.run(["servers", "status"])).stdout, "needs login")
  })

  it("takes the address that the browser ended at, when it is pasted", async () => {
    await using fixture = await makeProtected()
    const running = fixture.place.start(["servers", "login", "fx", "--no-browser"])
    const answer = await fetch(await linkOf(running), { redirect: "manual" })
    running.type("what is this")
    await running.says("no address with an answer")
    assert.include(running.stderr(), "It waits 10m for the answer; --timeout changes that.")
    running.type(answer.headers.get("location") ?? "")
    const { code, stdout } = await running.ended
    assert.strictEqual(code, 0)
    assert.include(stdout, "logged in to fx")
  })

  it("turns away whatever else calls at its port, and goes on waiting", async () => {
    await using fixture = await makeProtected()
    const running = fixture.place.start(["servers", "login", "fx", "--no-browser"])
    const link = await linkOf(running)
    const redirect = link.searchParams.get("redirect_uri") ?? ""
    assert.match(redirect, /^http:\/\/127\.0\.0\.1:\d+\/callback$/)
    for (const query of ["?code=guessed&state=guessed", "?error=access_denied", ""])
      assert.strictEqual((await fetch(redirect + query)).status, 404)
    await fetch(link)
    assert.strictEqual((await running.ended).code, 0)
  })

  it("opens the browser of a machine with a screen, and none over SSH", async () => {
    await using fixture = await makeProtected({}, { redirectPort: 41_987 })
    const { place } = fixture
    const seen = place.file("seen")
    writeFileSync(place.file("xdg-open"), `#!/bin/sh\necho "$1" > ${seen}\n`)
    chmodSync(place.file("xdg-open"), 0o755)
    const PATH = `${place.path}:${process.env["PATH"] ?? ""}`
    if (process.platform !== "linux") return
    const onScreen = place.start(["servers", "login", "fx"], { PATH, DISPLAY: ":0" })
    await onScreen.says("Your browser shows it")
    const link = await linkOf(onScreen)
    assert.strictEqual(link.searchParams.get("redirect_uri"), "http://127.0.0.1:41987/callback")
    await fetch(link)
    assert.strictEqual((await onScreen.ended).code, 0)
    assert.strictEqual(readFileSync(seen, "utf8").trim(), link.href)

    writeFileSync(seen, "")
    const remote = place.start(["servers", "login", "fx"], { PATH, DISPLAY: ":0", SSH_CONNECTION: "here there" })
    await remote.says("Open it in any browser")
    remote.child.kill("SIGINT")
    assert.strictEqual((await remote.ended).code, 130)
    assert.strictEqual(readFileSync(seen, "utf8"), "")
  })

  it("ends with Ctrl-C at its prompt, and keeps nothing", async () => {
    await using fixture = await makeProtected()
    const { place } = fixture
    const terminal = place.startOnTerminal(["servers", "login", "fx", "--no-browser"])
    await terminal.sees("paste>")
    terminal.press("\u0003")
    assert.strictEqual((await terminal.ended).code, 130)
    assert.isFalse(existsSync(place.file(".local/share/signalbox/tokens")))
  })

  it("says what is wrong when a login does not succeed", async () => {
    await using fixture = await makeProtected({ denyLogin: true })
    const running = fixture.place.start(["servers", "login", "fx", "--no-browser", "--json"])
    await fetch(await linkOf(running))
    const { code, json } = await running.ended
    assert.strictEqual(code, 1)
    assert.strictEqual(json().error_code, "SERVER_AUTHORIZATION_FAILED")
    assert.include(json().error?.message, "access_denied")
  })

  it("refuses servers that nobody logs in to", async () => {
    await using place = await makePlace()
    const remote = { enabled: true, transport: "http", url: "http://127.0.0.1:1/mcp" }
    place.configure({
      servers: {
        local: place.server(),
        keyed: { ...remote, headers: { authorization: "Bearer x" } },
        machine: {
          ...remote,
          headers: {},
          auth: { grant: "client_credentials", clientId: "a", clientSecret: "env:NOT_SET_HERE" }
        }
      }
    })
    for (const [name, says] of [
      ["local", "is a local server"],
      ["keyed", "has an Authorization header"]
    ] as const) {
      const { code, stderr } = await place.run(["servers", "login", name])
      assert.strictEqual(code, 2)
      assert.include(stderr, says)
    }
    assert.include((await place.run(["servers", "login", "machine"])).stderr, "NOT_SET_HERE is not set")
    assert.include((await place.run(["servers", "login", "nobody"])).stderr, "nobody")
  })

  it("a running chat takes the login up by itself", async () => {
    await using fixture = await makeProtected()
    const { place } = fixture
    const chat = place.start(["chat"])
    await chat.says("needs a login")
    await chat.says("signalbox servers login fx")
    assert.strictEqual((await logIn(place)).code, 0)
    await chat.says("fx is back")
    chat.child.stdin?.end()
    assert.strictEqual((await chat.ended).code, 0)
  })

  it("a running host is told at once", async () => {
    await using fixture = await makeProtected()
    const { place } = fixture
    const host = place.start(["serve", "--port", "0"])
    await host.says("Listening on")
    await host.says("needs a login")
    assert.include((await place.run(["servers", "status"])).stdout, "needs login")
    const login = await logIn(place)
    assert.deepInclude(login.json().data, { is_taken_up: true })
    const status = await place.run(["servers", "status", "--json"])
    assert.strictEqual(status.code, 0, status.stdout)
    host.child.kill("SIGTERM")
    await host.ended
  })
})
