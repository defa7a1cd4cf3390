import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { conformanceCases } from "@signalbox/server/conformance"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { once } from "node:events"
import { type Place, makePlace } from "./support.ts"

const total = conformanceCases.length

describe("conformance", () => {
  let place: Place
  beforeAll(async () => {
    place = await makePlace()
  })
  afterAll(() => place[Symbol.asyncDispose]())

  it("is whole for this program, which needs neither a key nor a configuration", async () => {
    const own = await place.run(["conformance"])
    assert.strictEqual(own.stdout, `✓ ${total}/${total}\n`, own.stderr)
    assert.strictEqual(own.code, 0)
    const json = await place.run(["conformance", "--api", "chat", "--json"])
    const { data } = json.json()
    assert.deepInclude(data, { passed: data.total, wrong: [] })
    assert.isBelow(data.total, total)
  })

  it("says of another server what is wrong with which answer, and exits with 3", async () => {
    const server = createServer((_request, response) => response.end("{}")).listen(0, "127.0.0.1")
    await once(server, "listening")
    // A listening TCP server has an address with a port.
    const { port } = server.address() as AddressInfo
    const other = await place.run(["conformance", `http://127.0.0.1:${port}/`, "--api", "messages", "--model", "m"])
    server.close()
    assert.strictEqual(other.code, 3)
    assert.match(other.stdout, /^✗ messages a text, whole: the type is not "message"$/m)
    assert.match(other.stdout, /^✗ 0\/\d+$/m)
  })
})
