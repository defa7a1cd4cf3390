import { assert, describe, it } from "@effect/vitest"
import { fileCommand, isOneVersion, runtimeProgram, withRunner } from "@signalbox/orchestrator"

describe("the command for a file", () => {
  it("is the runtime, what it takes itself, and the file", () => {
    assert.deepStrictEqual(fileCommand("python3", "python", ["-u"], "/s/notes.py"), ["python3", "-u", "/s/notes.py"])
    assert.deepStrictEqual(fileCommand("node", "node", [], "/s/notes.mjs"), ["node", "/s/notes.mjs"])
    assert.deepStrictEqual(fileCommand("bun", "bun", ["--smol"], "/s/a.ts"), ["bun", "run", "--smol", "/s/a.ts"])
    assert.deepStrictEqual(fileCommand("deno", "deno", ["--allow-net"], "/s/a.ts"), [
      "deno",
      "run",
      "--allow-net",
      "/s/a.ts"
    ])
  })

  it("names Python as each system does", () => {
    assert.deepStrictEqual(
      [runtimeProgram("python", false), runtimeProgram("python", true), runtimeProgram("node", true)],
      ["python3", "python", "node"]
    )
  })
})

describe("a version manager before a command", () => {
  const node = ["node", "/s/notes.mjs"] as const
  const python = ["python", "/s/notes.py"] as const

  it("is asked for the version as each of them wants it", () => {
    assert.deepStrictEqual(
      [
        withRunner({ name: "fnm", runtime: "node", version: "20" }, node),
        withRunner({ name: "volta", runtime: "node", version: "20.11.1" }, node),
        withRunner({ name: "mise", runtime: "node", version: "20" }, node),
        withRunner({ name: "mise", runtime: "python", version: "3.11" }, python),
        withRunner({ name: "fnm", runtime: "node", version: "20" }, ["npx", "-y", "some-server"])
      ].map((words) => words.join(" ")),
      [
        "fnm exec --using=20 node /s/notes.mjs",
        "volta run --node 20.11.1 node /s/notes.mjs",
        "mise exec node@20 -- node /s/notes.mjs",
        "mise exec python@3.11 -- python /s/notes.py",
        "fnm exec --using=20 npx -y some-server"
      ]
    )
  })

  it("leaves a script to uv as one, so that it gets what its head names", () => {
    const uv = { name: "uv", runtime: "python", version: "3.11" } as const
    assert.strictEqual(withRunner(uv, python).join(" "), "uv run --python 3.11 /s/notes.py")
    assert.strictEqual(withRunner(uv, ["python", "-u", "/s/a.py"]).join(" "), "uv run --python 3.11 python -u /s/a.py")
    assert.strictEqual(withRunner(uv, ["notes-server"]).join(" "), "uv run --python 3.11 notes-server")
  })

  it("provides a version, not a range", () => {
    assert.deepStrictEqual(["20", "3.11", "20.11.1", ">=20", "^20", "20.x", "lts", ""].map(isOneVersion), [
      true,
      true,
      true,
      false,
      false,
      false,
      false,
      false
    ])
  })
})
