import { Host } from "@signalbox/host"
import { diagnose, probeDefaults } from "@signalbox/host/doctor"
import { nodePlatform } from "@signalbox/host/node"
import { assert, layer } from "@effect/vitest"
import { localCall, resultText } from "@signalbox/model"
import { fxMcpCommand } from "@signalbox/testing"
import { Context, Effect, FileSystem, Layer, Path } from "effect"
import { pathToFileURL } from "node:url"
import { configWith, problemsOf, setupFor } from "./support.ts"

const fx = fxMcpCommand()
const quoted = [fx.command, ...fx.args].map((word) => `'${word}'`).join(" ")

const entry = (program: Record<string, unknown>) => ({
  enabled: true,
  transport: "stdio",
  args: [],
  env: {},
  ...program
})

/** A host over these servers, none of them started. Files are written beside the configuration, programs are in `PATH`. */
const hostOver = Effect.fnUntraced(function* (
  servers: Record<string, Record<string, unknown>>,
  files: Readonly<Record<string, string>> = {},
  programs: Readonly<Record<string, string>> = {}
) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const bin = yield* fs.makeTempDirectoryScoped()
  for (const [name, text] of Object.entries(programs)) {
    yield* fs.writeFileString(path.join(bin, name), `#!/bin/sh\necho "$0 $@" >> ${bin}/asked\n${text}\n`, {
      mode: 0o755
    })
  }
  const env = { PATH: bin }
  const config = yield* configWith(
    Object.fromEntries(Object.entries(servers).map(([name, server]) => [name, { ...entry(server), env }]))
  )
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(config.directory, name)
    yield* fs.makeDirectory(path.dirname(file), { recursive: true })
    yield* fs.writeFileString(file, text)
  }
  const built = yield* Layer.build(Host.layer({ ...setupFor(config), startsAll: false }))
  const host = Context.get(built, Host)
  const asked = Effect.map(
    Effect.orElseSucceed(fs.readFileString(path.join(bin, "asked")), () => ""),
    (text) => text.replaceAll(`${bin}/`, "").replaceAll(config.directory, ".").trim().split("\n")
  )
  return { host, config, asked, orchestrator: host.orchestrator }
})

const isPython = `if [ "$1" = --version ]; then echo Python 3.11.4; else exec ${quoted}; fi`
/** Runs what stands after the first two words, as a version manager does. */
const isRunner = `shift 2; exec "$@"`

// On the real clock: the processes of these tests do not know of any other.
layer(nodePlatform, { excludeTestServices: true })("a server that is a file", (it) => {
  it.effect("is run by its runtime, from the folder of the configuration", () =>
    Effect.gen(function* () {
      const { asked, host, orchestrator } = yield* hostOver(
        {
          snake: {
            runtime: "python",
            file: "servers/notes.py",
            runtimeArgs: ["-u"],
            args: ["--all"],
            version: ">=3.11"
          },
          js: { runtime: "node", file: "./notes.mjs" }
        },
        { "servers/notes.py": "", "notes.mjs": `import ${JSON.stringify(pathToFileURL(fx.args.at(-1) ?? "").href)}` },
        { python3: isPython, node: `exec '${fx.command}' "$@"` }
      )
      yield* orchestrator.start("snake")
      yield* orchestrator.start("js")
      assert.deepStrictEqual(yield* asked, [
        "python3 --version",
        "python3 -u ./servers/notes.py --all",
        "node ./notes.mjs"
      ])
      const result = yield* host.toolbox.call("js__add", { a: 2, b: 3 }, localCall())
      assert.include(resultText(result), "5")
    }).pipe(Effect.scoped)
  )

  it.effect("gets its runtime from the version manager that the configuration names", () =>
    Effect.gen(function* () {
      const { asked, orchestrator } = yield* hostOver(
        {
          file: { runtime: "node", file: "notes.mjs", version: "20", runner: "fnm" },
          command: { runtime: "node", command: "npx", args: ["-y", "notes"], version: "20.11", runner: "fnm" }
        },
        { "notes.mjs": "" },
        { fnm: isRunner, node: `exec ${quoted}`, npx: `exec ${quoted}` }
      )
      yield* orchestrator.start("file")
      yield* orchestrator.start("command")
      assert.deepStrictEqual(yield* asked, [
        "fnm exec --using=20 node ./notes.mjs",
        "node ./notes.mjs",
        "fnm exec --using=20.11 npx -y notes",
        "npx -y notes"
      ])
    }).pipe(Effect.scoped)
  )

  it.effect("is not started where its file, its runtime or its version manager is missing", () =>
    Effect.gen(function* () {
      const { asked, config, orchestrator } = yield* hostOver(
        {
          lost: { runtime: "python", file: "servers/lost.py" },
          old: { runtime: "python", file: "notes.py", version: "99" },
          managed: { runtime: "node", file: "notes.py", version: "20", runner: "volta" },
          absent: { runtime: "deno", file: "notes.py" }
        },
        { "notes.py": "" },
        { python3: isPython }
      )
      const failure = (name: string) => Effect.flip(orchestrator.start(name))
      const lost = yield* failure("lost")
      assert.strictEqual(lost.code, "SERVER_FILE_NOT_FOUND")
      assert.strictEqual(lost.message, `The file of server "lost" is not there: ${config.directory}/servers/lost.py`)
      const old = yield* failure("old")
      assert.strictEqual(old.code, "RUNTIME_VERSION")
      assert.strictEqual(old.message, 'Server "old" needs python 99, and python 3.11.4 is here.')
      const managed = yield* failure("managed")
      assert.strictEqual(managed.code, "RUNNER_NOT_FOUND")
      assert.strictEqual(managed.message, 'Server "managed" is to get node 20 from volta, and there is no volta.')
      assert.include(managed.hint, 'Install volta, or leave out "runner"')
      assert.strictEqual((yield* failure("absent")).code, "SERVER_SPAWN_FAILED")
      assert.deepStrictEqual(yield* asked, ["python3 --version"])
      const { findings } = yield* diagnose(config, {
        ...probeDefaults,
        owner: undefined,
        environment: {},
        system: "linux"
      })
      assert.deepStrictEqual(
        findings.map(({ code, path }) => [path.slice(1).join("."), code]),
        [
          ["lost.file", "FILE_MISSING"],
          ["old.version", "RUNTIME_VERSION"],
          ["managed.runner", "COMMAND_MISSING"],
          ["absent.runtime", "COMMAND_MISSING"]
        ]
      )
      assert.strictEqual(
        findings[2]?.fix,
        'Install Volta, for example with "brew install volta", or leave out "runner" and have node 20 here.'
      )
    }).pipe(Effect.scoped)
  )

  it.effect("is told what its keys must be", () =>
    Effect.gen(function* () {
      const written = (program: string) => `  { enabled: true, transport: stdio, args: [], env: {}, ${program} }\n`
      const problems = yield* problemsOf(
        "extends: preset:default@1\nservers:\n" +
          [
            "runtime: python",
            "command: x, file: a.py",
            "file: a.py",
            "runtime: command, file: a.py",
            "command: x, runtimeArgs: [-u]",
            'command: x, version: "20"',
            "runtime: node, file: a.js, version: newest",
            "runtime: node, file: a.js, version: 20",
            "runtime: node, file: a.js, runner: fnm",
            'runtime: python, file: a.py, version: "3.11", runner: fnm',
            'runtime: node, file: a.js, version: ">=20", runner: volta',
            "runtime: ruby, file: a.rb"
          ]
            .map((program, index) => `  s${index}:${written(program)}`)
            .join("")
      )
      assert.deepStrictEqual(
        problems.map(({ line, message, path }) => `${line} ${path.split(".").at(-1)}: ${message}`),
        [
          "3 command: Expected a command, or a file and its runtime",
          '4 file: Expected no file beside a command, found "a.py"',
          "5 runtime: Expected the runtime of the file: python, node, bun, deno",
          '6 runtime: Expected the runtime of the file: python, node, bun, deno, found "command"',
          '7 runtimeArgs: Expected them only beside a file, found ["-u"]',
          '8 version: Expected the runtime that this is a version of: python, node, bun, deno, found "20"',
          '9 version: Expected versions such as ">=20", "3.11", "^20.1" or ">=18 <23", as a text, found "newest"',
          "10 version: Expected string, found 20",
          "11 version: Expected the version that fnm is to provide",
          '12 runner: Expected a runner that provides python: uv or mise, found "fnm"',
          '13 version: Expected one version such as 20 or 3.11, as a text: volta provides no range, found ">=20"',
          '14 runtime: Expected "command" | "python" | "node" | "bun" | "deno", found "ruby"'
        ]
      )
    })
  )
})
