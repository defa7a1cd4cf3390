import { assert, describe, it } from "@effect/vitest"
import { answering } from "@signalbox/model/testing"
import { describeSandbox, findSandbox, type ToolsOptions } from "@signalbox/tools"
import { Effect, Fiber, Logger } from "effect"
import { execFileSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Changes, codeOf, makeBench, marked, node, until } from "./support.ts"

type Commands = ToolsOptions["commands"]

const sandboxed =
  (more: Partial<Commands> = {}, allow: ReadonlyArray<string> = []): Changes =>
  (options) => ({
    ...options,
    commands: {
      ...options.commands,
      sandbox: "required",
      ...more,
      allow: [...options.commands.allow, ...allow]
    }
  })

const yes = answering({ isApproved: true, remember: "once" }).interaction

/** What this machine can do. Where it can do nothing, the tests say so and are not run. */
const here = await Effect.runPromise(
  makeBench(sandboxed()).pipe(
    Effect.flatMap(({ options }) => findSandbox(options)),
    Effect.scoped,
    Effect.provide(node)
  )
)
const isPossible = here._tag === "On"
const where = describeSandbox(here) ?? ""

describe.skipIf(!isPossible)(`a command ${where}`, () => {
  it.live("writes into the folders that may be changed, and nowhere else", () =>
    Effect.gen(function* () {
      const bench = yield* makeBench((options) => {
        const looked = join(options.paths.cwd, "..", "looked")
        mkdirSync(looked)
        writeFileSync(join(looked, "b.txt"), "to look at")
        return sandboxed()({
          ...options,
          paths: { ...options.paths, readOnlyRoots: [looked], protect: [join(options.paths.cwd, "rules.yaml")] }
        })
      })
      const { home, work } = bench
      writeFileSync(join(work, "rules.yaml"), "allow: nothing")
      writeFileSync(join(home, "outside.txt"), "not to be seen")
      const run = (command: string) => bench.text("Bash", { command }, { interaction: yes })
      assert.strictEqual(yield* run("pwd; echo new > a.txt; cat a.txt"), `${work}\nnew`)
      assert.strictEqual(readFileSync(join(work, "a.txt"), "utf8"), "new\n")
      assert.include(yield* run(`cat ${home}/looked/b.txt; touch ${home}/looked/c.txt`), "Read-only file system")
      assert.include(yield* run("echo all | tee rules.yaml"), "Read-only file system")
      assert.strictEqual(yield* run("cat rules.yaml"), "allow: nothing")
      assert.include(yield* run("touch /usr/x"), "Read-only file system")
      assert.include(yield* run("touch /x"), "Read-only file system")
      assert.include(yield* run(`cat ${home}/outside.txt`), "No such file")
      for (const way of ["/proc/1/root", "/proc/1/cwd/..", "/.outside", ".."])
        assert.notInclude(yield* run(`cat ${way}${home}/outside.txt`), "not to be seen")
      // The folder of the test lies in that for temporary files, of which nothing else is seen.
      assert.strictEqual(yield* run(`cd ${home}; ls; echo x | tee /tmp/own.txt`), "looked\nwork\nx")
      assert.isFalse(existsSync("/tmp/own.txt"))
      // Whatever is called home.
      for (const folder of ["/root", "/home"]) assert.include(yield* run(`ls ${folder}`), "No such file")
    })
  )

  it.live("does not see what the path policy denies, old or new", () =>
    Effect.gen(function* () {
      const bench = yield* makeBench(sandboxed())
      const { home, work, write } = bench
      for (const name of [".env", "sub/.ENV", "sub/.ssh/key", "id_rsa_old", ".git/config", ".git/hooks/pre-commit"])
        write(name, "hunter2")
      write("kept.txt", "kept")
      writeFileSync(join(home, "elsewhere"), "hunter2")
      symlinkSync(join(home, "elsewhere"), join(work, ".npmrc"))
      const look = "cat .env sub/.ENV sub/.ssh/key id_rsa_old .git/config .git/hooks/pre-commit .npmrc kept.txt"
      const shown = yield* bench.text("Bash", { command: look }, { interaction: yes })
      assert.notInclude(shown, "hunter2")
      assert.include(shown, "kept")
      write("late/.env.local", "hunter3")
      assert.notInclude(yield* bench.text("Bash", { command: "cat late/.env.local" }, { interaction: yes }), "hunter3")
      // None of them was touched.
      assert.strictEqual(readFileSync(join(work, ".git/hooks/pre-commit"), "utf8"), "hunter2")
    })
  )

  it.live("has no network, unless it is to have it", () =>
    Effect.gen(function* () {
      const own = readlinkSync("/proc/self/ns/net")
      for (const sandboxNetwork of [false, true]) {
        const bench = yield* makeBench(sandboxed({ sandboxNetwork }))
        const shown = yield* bench.text("Bash", { command: "readlink /proc/self/ns/net" }, { interaction: yes })
        assert.strictEqual(shown === own, sandboxNetwork, shown)
      }
    })
  )

  it.live("keeps its exit code, its input, its environment and its limits", () =>
    Effect.gen(function* () {
      const bench = yield* makeBench(sandboxed({ environment: { PATH: "/usr/bin:/bin", A: "1 2" } }, ["env", "ulimit"]))
      assert.strictEqual(yield* bench.text("Bash", { command: "cat; exit 3", input: "said" }), "Exit code 3\nsaid")
      const environment = (yield* bench.text("Bash", { command: "env" })).split("\n")
      assert.include(environment, "A=1 2")
      assert.include(environment, "PATH=/usr/bin:/bin")
      const cut = yield* bench.text("Bash", { command: "echo begun; sleep 600", timeout: 1500 })
      assert.match(
        cut,
        /^Error: TOOL_TOOK_TOO_LONG: .*1s 500ms \(timeout 1500, taken as milliseconds\) and was ended\.\n/
      )
      assert.match(cut, /\nbegun$/)
    })
  )

  it.live("ends with all that it started, whatever that does to live on", () =>
    Effect.gen(function* () {
      const mark = `sandbox-${process.pid}`
      const environment = { PATH: "/usr/bin:/bin", TOOLS_MARK: mark }
      const bench = yield* makeBench(sandboxed({ environment }, ["setsid", "trap", "nohup"]))
      const stubborn = "trap '' TERM HUP; setsid sleep 600 & nohup sleep 601 & sleep 602"
      const call = (more: object) => bench.text("Bash", { command: stubborn, ...more }, { interaction: yes })
      const running = until(() => marked(mark).length >= 3)
      const over = until(() => marked(mark).length === 0)
      const cancelled = yield* Effect.forkChild(call({}))
      yield* running
      yield* Fiber.interrupt(cancelled)
      yield* over
      yield* call({ run_in_background: true })
      yield* running
      yield* bench.text("Bash", { job: "1", stop: true })
      yield* over
      // By itself, too: what it leaves behind is of its namespace.
      assert.strictEqual(
        yield* bench.text("Bash", { command: "setsid sleep 600 & echo done" }, { interaction: yes }),
        "done"
      )
      yield* over
    })
  )

  it.live("is told to whoever is asked about it", () =>
    Effect.gen(function* () {
      const { asked, interaction } = answering({ isApproved: true, remember: "once" })
      const bench = yield* makeBench(sandboxed())
      yield* bench.call("Bash", { command: "rm -f a.txt" }, { interaction })
      assert.strictEqual(asked[0]?.reason, `rm is not among the allowed commands (it would run ${where})`)
      assert.include(asked[0]?.tool.description, "In a sandbox: only folders")
    })
  )
})

const isRoot = process.getuid?.() === 0

describe.skipIf(!isPossible || !isRoot)("a command of somebody who is not root", () => {
  it.live("runs in a sandbox, too, where the machine lets him have one", () =>
    Effect.gen(function* () {
      const bench = yield* makeBench(sandboxed())
      for (const folder of [bench.home, bench.work]) chmodSync(folder, 0o777)
      const program = fileURLToPath(new URL("sandboxed.ts", import.meta.url))
      const said = execFileSync(
        "setpriv",
        ["--reuid=65534", "--regid=65534", "--clear-groups", process.execPath, program, bench.work],
        { encoding: "utf8", env: { PATH: process.env["PATH"] } }
      )
      assert.strictEqual(said, "65534\nmade\nRead-only file system\n")
      assert.isTrue(existsSync(join(bench.work, "made.txt")))
    })
  )
})

const everything: Changes = (options) => ({
  ...options,
  paths: { ...options.paths, roots: [...options.paths.roots, "/"] }
})

describe("where no sandbox is possible", () => {
  it.live("nothing runs that must run in one", () =>
    Effect.gen(function* () {
      const bench = yield* makeBench((options) => sandboxed()(everything(options)))
      const result = yield* bench.call("Bash", { command: "echo hello" })
      assert.strictEqual(codeOf(result), "SANDBOX_UNAVAILABLE")
    })
  )

  it.live("a command runs without one where that may be, and the log says so once", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const logger = Logger.make(({ message }) => lines.push(String(message)))
      const bench = yield* makeBench((options) => sandboxed({ sandbox: "auto" })(everything(options)))
      const run = Effect.all([
        bench.text("Bash", { command: "echo hello" }),
        bench.text("Bash", { command: "echo again" })
      ])
      assert.deepStrictEqual(yield* Effect.provide(run, Logger.layer([logger])), ["hello", "again"])
      assert.lengthOf(
        lines.filter((line) => line.includes("without a sandbox")),
        1
      )
      const { asked, interaction } = answering({ isApproved: false, because: "refused", reason: "" })
      yield* Effect.ignore(bench.call("Bash", { command: "rm a.txt" }, { interaction }))
      assert.include(asked[0]?.reason, "without a sandbox: none is possible here")
    })
  )
})
