import { assert, describe, it } from "@effect/vitest"
import * as conversation from "@signalbox/conversation"
import * as replay from "@signalbox/conversation/replay"
import { duplicateCodes, type ErrorClass, errorTable, isSignalboxError, toJson } from "@signalbox/errors"
import * as host from "@signalbox/host"
import { errorFamilies } from "@signalbox/host"
import * as logging from "@signalbox/logging"
import * as mcp from "@signalbox/mcp"
import * as model from "@signalbox/model"
import * as orchestrator from "@signalbox/orchestrator"
import * as claude from "@signalbox/provider-claude"
import * as openai from "@signalbox/provider-openai"
import * as resilience from "@signalbox/resilience"
import * as tools from "@signalbox/tools"
import { Arbitrary, Effect, Schema } from "effect"

const modules: ReadonlyArray<object> = [
  conversation,
  replay,
  host,
  logging,
  mcp,
  model,
  orchestrator,
  claude,
  openai,
  resilience,
  tools
]

const isErrorClass = (value: unknown): value is ErrorClass => typeof value === "function" && "definition" in value

/** Every class made by `defineError` is a schema of its instances; the contract says no more than what is printed. */
const schemaOf = (family: ErrorClass) => family as unknown as Schema.Codec<unknown, unknown>

const samplesOf = (family: ErrorClass, count: number) =>
  Arbitrary.sampleEffect(Arbitrary.schema(schemaOf(family)), { count })

const code = ({ definition }: ErrorClass): string => definition.code

type InstancesOf<Classes extends ReadonlyArray<abstract new (...args: never) => unknown>> = InstanceType<
  Classes[number]
>
type ServerSide = InstancesOf<typeof mcp.mcpErrors> | InstancesOf<typeof orchestrator.orchestratorErrors>

/** The name of the server, of the servers or of their set: each of these classes has one, or this does not compile. */
const serversOf = (error: ServerSide): ReadonlyArray<string> => {
  if ("setName" in error) return [error.setName]
  if (error._tag === "ConnectionFailed") return error.failures.map(({ serverName }) => serverName)
  return "serverNames" in error ? error.serverNames : [error.serverName]
}

describe("the errors of all packages", () => {
  it("have codes that no two share, in one spelling", () => {
    assert.deepStrictEqual(duplicateCodes(errorFamilies), [])
    for (const { code } of errorTable(errorFamilies)) assert.match(code, /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/)
  })
  it("have a row with all columns each", () => {
    const rows = errorTable(errorFamilies)
    assert.isAbove(rows.length, 40)
    for (const row of rows) {
      assert.isTrue(row.http_status >= 400 && row.http_status < 600, row.code)
      assert.match(row.anthropic_type, /^[a-z_]+$/)
      assert.isBelow(row.json_rpc_code, 0)
      assert.isTrue([1, 2, 3, 4, 65, 69, 77, 78].includes(row.exit_code), row.code)
    }
  })
  it.effect("survive a JSON round trip, whatever their fields hold", () =>
    Effect.forEach(errorFamilies, (family) =>
      Effect.gen(function* () {
        const codec = Schema.toCodecJson(schemaOf(family))
        for (const error of yield* samplesOf(family, 20)) {
          const text = JSON.stringify(yield* Schema.encodeEffect(codec)(error))
          const back = yield* Schema.decodeUnknownEffect(codec)(JSON.parse(text))
          assert.isTrue(isSignalboxError(back), family.definition.code)
          assert.strictEqual(JSON.stringify(yield* Schema.encodeEffect(codec)(back)), text, family.definition.code)
        }
      })
    )
  )
  it("are all in one list: each class that a package exports", () => {
    const exported = new Set(modules.flatMap((module) => Object.values(module)).filter(isErrorClass))
    assert.sameMembers([...exported].map(code), errorFamilies.map(code))
  })
  it.effect("name the server, where one is concerned", () =>
    Effect.forEach([...mcp.mcpErrors, ...orchestrator.orchestratorErrors], (family) =>
      Effect.gen(function* () {
        for (const sample of yield* samplesOf(family, 5)) {
          // A sample of one of these classes.
          const error = sample as ServerSide
          const printed = JSON.stringify(toJson(error))
          for (const name of serversOf(error)) assert.include(printed, JSON.stringify(name), family.definition.code)
          assert.match(printed, /"server_names?"|"serverNames?"|"set_name"|"failures":\[\]/, family.definition.code)
        }
      })
    )
  )
  it.effect("can be handled one by one, and the compiler knows when one is left", () =>
    Effect.gen(function* () {
      const failure: Effect.Effect<never, resilience.PoolExhausted | resilience.PoolNotRegistered> = Effect.fail(
        new resilience.PoolNotRegistered({ key: "fx" })
      )
      const one = { PoolNotRegistered: () => Effect.succeed("unknown") }
      const both = { ...one, PoolExhausted: () => Effect.succeed("full") }
      const handled = failure.pipe(Effect.catchTags(both))
      const unhandled = failure.pipe(Effect.catchTags(one))
      // Neither of these compiles when the types of the failures that are left are others.
      const isNoneLeft: [Effect.Error<typeof handled>] extends [never] ? true : false = true
      const left: Effect.Error<typeof unhandled>["_tag"] = "PoolExhausted"
      assert.deepStrictEqual([isNoneLeft, left], [true, resilience.PoolExhausted.definition.tag])
      assert.deepStrictEqual([yield* handled, yield* unhandled], ["unknown", "unknown"])
    })
  )
  it("tell JSON-RPC what kind they are: parameters, time, or anything else", () => {
    const codes = new Map(errorTable(errorFamilies).map(({ code, json_rpc_code }) => [code, json_rpc_code]))
    for (const code of ["INVALID_PARAMS", "TOOL_NOT_FOUND", "SERVER_NOT_FOUND", "REQUEST_TOO_LARGE"])
      assert.strictEqual(codes.get(code), -32602, code)
    for (const code of ["TOOL_TIMEOUT", "TOOL_CALL_TIMEOUT", "SERVER_REQUEST_TIMEOUT", "PROVIDER_TIMEOUT"])
      assert.strictEqual(codes.get(code), -32001, code)
    for (const code of ["SERVER_UNREACHABLE", "SERVER_EXITED", "SERVER_CONNECTION_CLOSED", "PROVIDER_AUTH_FAILED"])
      assert.strictEqual(codes.get(code), -32603, code)
    assert.sameMembers([...new Set(codes.values())], [-32602, -32001, -32603])
  })
})
