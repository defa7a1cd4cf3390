import { assert, describe, it } from "@effect/vitest"
import { makeCallJudge } from "@signalbox/tools"
import { Effect } from "effect"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { makeBench, node } from "./support.ts"

describe("a judge of calls", () => {
  it.live("says what the policies would, and makes none", () =>
    Effect.gen(function* () {
      const { options, work, write } = yield* makeBench((given) => ({
        ...given,
        urls: { ...given.urls, denyHosts: ["denied.example"] }
      }))
      write("a.txt", "x")
      const { judge } = yield* Effect.orDie(makeCallJudge(options))
      const verdicts = yield* Effect.all({
        read: judge("Read", { file_path: "a.txt" }),
        outside: judge("Read", { file_path: "../a.txt" }),
        script: judge("Write", { file_path: "made.sh", content: "" }),
        here: judge("LS", {}),
        notebook: judge("NotebookEdit", { notebook_path: "/etc/book.ipynb", new_source: "" }),
        allowed: judge("Bash", { command: "ls" }),
        asked: judge("Bash", { command: "touch made.txt" }),
        denied: judge("Bash", { command: "sudo ls" }),
        job: judge("Bash", { job: "1" }),
        page: judge("WebFetch", { url: "https://no-such-host.example/" }),
        host: judge("WebFetch", { url: "https://sub.denied.example/" }),
        local: judge("WebFetch", { url: "http://[::1]/" }),
        todo: judge("TodoWrite", { action: "add" })
      })
      assert.deepStrictEqual(
        Object.entries(verdicts).map(([name, { verdict }]) => `${name} ${verdict}`),
        [
          "read allow",
          "outside refuse",
          "script refuse",
          "here allow",
          "notebook refuse",
          "allowed allow",
          "asked ask",
          "denied refuse",
          "job allow",
          // Nobody looks up what it stands for.
          "page allow",
          "host refuse",
          "local refuse",
          "todo allow"
        ]
      )
      assert.isFalse(existsSync(join(work, "made.txt")))
      const refusing = { ...options, commands: { ...options.commands, undecided: "refuse" as const } }
      const strict = yield* Effect.orDie(makeCallJudge(refusing))
      assert.strictEqual((yield* strict.judge("Bash", { command: "touch made.txt" })).verdict, "refuse")
    }).pipe(Effect.provide(node))
  )
})
