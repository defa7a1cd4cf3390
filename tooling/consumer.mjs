// A project outside the workspace installs the tarballs, compiles against them with `skipLibCheck: false` and runs.
// What works only inside the workspace fails here: missing files, dev-dependencies, paths to sources.
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const directory = mkdtempSync(join(tmpdir(), "signalbox-consumer-"))
const isWindows = process.platform === "win32"
const run = (command, args) =>
  execFileSync(command, args, {
    cwd: directory,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    shell: isWindows
  })
const versionOf = (file) => JSON.parse(readFileSync(join(root, file), "utf8")).version
const tarball = (folder) => `file:${join(root, folder, "dist", "package.tgz")}`

const source = `
import { defineError, statuses, toOutcome } from "@signalbox/errors"
import { retry, retryPresets } from "@signalbox/resilience"
import { connect, ParentEnvironment, serverDefaults } from "@signalbox/mcp"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Layer, Schema } from "effect"

class Broken extends defineError<Broken>()("Broken", {
  code: "BROKEN",
  status: statuses.internal,
  fields: { part: Schema.String },
  message: ({ part }) => \`The \${part} is broken.\`
}) {}

const outcome = await Effect.runPromise(toOutcome(retry(retryPresets.call)(new Broken({ part: "switch" }))))
console.log(outcome.status, outcome.error_code)

const call = Effect.gen(function* () {
  const client = yield* connect({
    ...serverDefaults,
    name: "echo",
    endpoint: { transport: "stdio", command: process.execPath, args: ["server.mjs"], cwd: undefined, env: {}, inheritsEnv: false }
  })
  const { tools } = yield* client.listTools
  const result = yield* client.callTool({ name: "echo", input: { text: "hello" } })
  console.log(tools.map((tool) => tool.name).join(), JSON.stringify(result.content))
})
await Effect.runPromise(
  call.pipe(Effect.scoped, Effect.provide(Layer.merge(NodeServices.layer, Layer.succeed(ParentEnvironment, process.env))))
)
`

const server = `
import { createInterface } from "node:readline"
const answer = {
  initialize: () => ({ protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "echo", version: "1" } }),
  "tools/list": () => ({ tools: [{ name: "echo", inputSchema: { type: "object" } }] }),
  "tools/call": ({ arguments: { text } }) => ({ content: [{ type: "text", text }] })
}
createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line)
  if (id !== undefined) console.log(JSON.stringify({ jsonrpc: "2.0", id, result: answer[method](params) }))
})
`

const expect = (what, actual, expected) => {
  if (actual.includes(expected)) return
  throw new Error(`${what}: expected ${JSON.stringify(expected)} in ${JSON.stringify(actual)}`)
}

try {
  writeFileSync(
    join(directory, "package.json"),
    JSON.stringify({
      name: "consumer",
      private: true,
      type: "module",
      dependencies: {
        "@signalbox/errors": tarball("packages/errors"),
        "@signalbox/resilience": tarball("packages/resilience"),
        "@signalbox/mcp": tarball("packages/mcp"),
        signalbox: tarball("apps/cli"),
        effect: versionOf("packages/errors/node_modules/effect/package.json"),
        "@effect/platform-node": versionOf("packages/mcp/node_modules/@effect/platform-node/package.json"),
        "@types/node": versionOf("node_modules/@types/node/package.json"),
        typescript: versionOf("node_modules/typescript/package.json")
      }
    })
  )
  writeFileSync(
    join(directory, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        target: "ES2024",
        module: "NodeNext",
        strict: true,
        skipLibCheck: false,
        noEmit: true,
        types: ["node"]
      },
      include: ["consumer.ts"]
    })
  )
  writeFileSync(join(directory, "consumer.ts"), source)
  writeFileSync(join(directory, "server.mjs"), server)
  run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--legacy-peer-deps"])
  run(process.execPath, [join("node_modules", "typescript", "bin", "tsc"), "-p", "."])
  const printed = run(process.execPath, ["consumer.ts"])
  expect("errors and resilience", printed, "failed BROKEN")
  expect("mcp", printed, 'echo [{"type":"text","text":"hello"}]')
  const cli = join("node_modules", "signalbox", "dist", "main.js")
  expect("signalbox --version", run(process.execPath, [cli, "--version"]), versionOf("apps/cli/package.json"))
  // Comes from a part of the bundle that is loaded when it is needed.
  expect("signalbox errors list", run(process.execPath, [cli, "errors", "list"]), "PORT_IN_USE")
  expect(
    "signalbox chat",
    run(process.execPath, [cli, "chat", "what can you do?", "--provider", "offline"]),
    "ANTHROPIC_API_KEY"
  )
  process.stdout.write("The tarballs install, compile and run outside the workspace.\n")
} finally {
  rmSync(directory, { recursive: true, force: true })
}
