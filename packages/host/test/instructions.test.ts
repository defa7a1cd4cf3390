import { assert, layer } from "@effect/vitest"
import { Host } from "@signalbox/host"
import { nodePlatform } from "@signalbox/host/node"
import { startFxLlm } from "@signalbox/testing"
import { Context, Effect, FileSystem, Layer, Path, Stream } from "effect"
import { configWith, setupFor } from "./support.ts"

/** A host whose configuration is in `repo/app` of a folder with these files, at home in `home` of it. */
const hostIn = Effect.fnUntraced(function* (
  files: Record<string, string>,
  settings: Record<string, unknown> = {},
  links: Record<string, string> = {}
) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { options, ...config } = yield* configWith({}, { "model.provider": "offline", ...settings })
  const root = yield* fs.realPath(config.directory)
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(root, name)
    yield* fs.makeDirectory(path.dirname(file), { recursive: true })
    yield* fs.writeFileString(file, text)
  }
  for (const [name, target] of Object.entries(links)) yield* fs.symlink(path.join(root, target), path.join(root, name))
  const directory = path.join(root, "repo/app")
  yield* fs.makeDirectory(directory, { recursive: true })
  const setup = setupFor({ ...config, options, directory }, { HOME: path.join(root, "home"), ANTHROPIC_API_KEY: "a" })
  const host = Context.get(yield* Layer.build(Host.layer(setup)), Host)
  return { host, root }
})

layer(nodePlatform, { excludeTestServices: true })("instructions", (it) => {
  it.effect("are the user's own, then those of the repository from its root on, the nearest last", () =>
    Effect.gen(function* () {
      const { host } = yield* hostIn({
        "AGENTS.md": "Outside.",
        "home/.signalbox/AGENTS.md": "Of the user.",
        "repo/.git/HEAD": "",
        "repo/AGENTS.md": "Of the root.",
        "repo/app/AGENTS.md": "Of the app.\n"
      })
      const { files, notes, text = "" } = yield* host.instructions
      assert.deepStrictEqual(files, ["~/.signalbox/AGENTS.md", "AGENTS.md", "app/AGENTS.md"])
      assert.deepStrictEqual(notes, [])
      assert.match(
        text,
        /Of the user\.[^]*Of the root\.[^]*<instructions from="app\/AGENTS\.md">\nOf the app\.\n<\/instr/
      )
      assert.notInclude(text, "Outside")
    })
  )

  it.effect("are those of the working folder alone where it is in no repository, and none where none are wanted", () =>
    Effect.gen(function* () {
      const files = { "AGENTS.md": "Outside.", "repo/app/AGENTS.md": "Inside.", "repo/app/CLAUDE.md": "Other name." }
      const one = yield* hostIn(files)
      assert.deepStrictEqual((yield* one.host.instructions).files, ["AGENTS.md"])
      assert.include((yield* one.host.instructions).text, "Inside.")
      const other = yield* hostIn(files, { "conversation.instructions.files": ["RULES.md", "CLAUDE.md", "AGENTS.md"] })
      assert.deepStrictEqual((yield* other.host.instructions).files, ["CLAUDE.md"])
      const none = yield* hostIn(files, { "conversation.instructions.files": [], "conversation.instructions.own": "" })
      assert.deepStrictEqual(yield* none.host.instructions, { text: undefined, files: [], notes: [] })
    })
  )

  it.effect("are not read through a link that leads out of the repository", () =>
    Effect.gen(function* () {
      const { host } = yield* hostIn(
        { "secret.md": "A secret.", "repo/.git/HEAD": "", "repo/app/a.txt": "" },
        {},
        { "repo/AGENTS.md": "secret.md" }
      )
      const { notes, text } = yield* host.instructions
      assert.isUndefined(text)
      assert.match(notes[0] ?? "", /^AGENTS\.md is passed over: it is a link out of /)
    })
  )

  it.effect("take along the files that they name, within what the tools may read", () =>
    Effect.gen(function* () {
      const { host } = yield* hostIn({
        "repo/.git/HEAD": "",
        "repo/secret.md": "A secret.",
        "repo/app/AGENTS.md":
          "See @docs/style.md, `@docs/code.md`, @effect/vitest and @../secret.md.\n```sh\ncat @docs/code.md\n```\n",
        "repo/app/docs/style.md": "Style. See @more.md and @style.md",
        "repo/app/docs/more.md": "More.",
        "repo/app/docs/code.md": "Code."
      })
      const { notes, text = "" } = yield* host.instructions
      assert.include(text, '<file path="docs/style.md">\nStyle. See @more.md and @style.md\n</file>')
      assert.include(text, '<file path="more.md">\nMore.\n</file>')
      assert.strictEqual(text.split("Style. See").length, 2)
      assert.notInclude(text, "Code.")
      assert.notInclude(text, "A secret.")
      assert.match(text, /\[@\.\.\/secret\.md is not included: .*outside the folders/)
      assert.lengthOf(notes, 1)
    })
  )

  it.effect("are cut at a length that is told, the farthest first", () =>
    Effect.gen(function* () {
      const { host } = yield* hostIn(
        {
          "repo/.git/HEAD": "",
          "repo/AGENTS.md": "r".repeat(100),
          "repo/app/AGENTS.md": "a".repeat(60)
        },
        { "conversation.instructions.maxCharacters": 80 }
      )
      const { notes, text = "" } = yield* host.instructions
      assert.include(text, "a".repeat(60))
      assert.include(text, `${"r".repeat(20)}\n[… cut: 20 of 100 characters …]`)
      assert.match(notes[0] ?? "", /^AGENTS\.md is cut: .*maxCharacters/)
    })
  )

  it.effect("are in the system prompt of a conversation, the same from its first turn to its last", () =>
    Effect.gen(function* () {
      const server = yield* Effect.acquireRelease(
        Effect.promise(() =>
          startFxLlm({ script: [{ text: "a" }, { text: "b" }, { text: "c" }, { text: "d" }, { text: "e" }] })
        ),
        (upstream) => Effect.promise(() => upstream.close())
      )
      const { host, root } = yield* hostIn(
        { "repo/app/AGENTS.md": "First." },
        {
          "model.provider": "claude",
          "providers.claude.baseUrl": server.url,
          "model.systemPrompt": "Be brief."
        }
      )
      const fs = yield* FileSystem.FileSystem
      const session = yield* host.conversations.start()
      yield* Stream.runDrain(session.send("one"))
      yield* fs.writeFileString(`${root}/repo/app/AGENTS.md`, "Second.")
      yield* Stream.runDrain(session.send("two"))
      yield* host.conversations.ask("three")
      // Whoever brings a system prompt has chosen what is said.
      yield* host.conversations.ask("four", { system: "Mine." })
      // What is forked goes on under the rules of the project, as they are now.
      yield* Stream.runDrain((yield* host.conversations.fork(session.id)).send("five"))
      const [first, second, third, fourth, fifth] = server.requests.map(({ system }) => system ?? "")
      assert.match(first ?? "", /^Be brief\.\n[^]*First\./)
      assert.strictEqual(second, first)
      assert.include(third, "Second.")
      assert.strictEqual(fourth, "Mine.")
      assert.strictEqual(fifth, third)
    })
  )
})
