import { assert, layer } from "@effect/vitest"
import { Host, type LoadedConfig } from "@signalbox/host"
import { nodePlatform } from "@signalbox/host/node"
import { Context, Effect, FileSystem, Layer, Path } from "effect"
import { configWith, fxServer, setupFor } from "./support.ts"

/** Writes files into the folder of the configuration. */
const write = Effect.fnUntraced(function* ({ directory }: LoadedConfig, files: Record<string, string>) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(directory, name)
    yield* fs.makeDirectory(path.dirname(file), { recursive: true })
    yield* fs.writeFileString(file, text)
  }
})

/** The commands of a host with these files, whose user is at home in the folder `home` of it. */
const commandsOf = Effect.fnUntraced(function* (
  files: Record<string, string>,
  servers: Record<string, unknown> = {},
  settings: Record<string, unknown> = {}
) {
  const config = yield* configWith(servers, { "model.provider": "offline", ...settings })
  yield* write(config, files)
  const path = yield* Path.Path
  const home = path.join(config.directory, "home")
  return Context.get(yield* Layer.build(Host.layer(setupFor(config, { HOME: home }))), Host).promptCommands
})

const texts = (content: ReadonlyArray<object>) =>
  content.map((block) => ("text" in block ? String(block.text) : JSON.stringify(block)))

layer(nodePlatform, { excludeTestServices: true })("prompt commands", (it) => {
  it.effect("are the Markdown files of the project and of the user, the project's first", () =>
    Effect.gen(function* () {
      const { expand, list, problems } = yield* commandsOf({
        ".signalbox/commands/review.md":
          "---\ndescription: Looks at changes\nargument-hint: [path] [why]\nmodel: claude/opus\ntools: [Read, Grep]\n---\nReview it.\n",
        ".signalbox/commands/git/commit.md": "# Write a message\n\nfor what is staged",
        ".signalbox/commands/notes.txt": "no command",
        "home/.signalbox/commands/review.md": "of the user, and shadowed",
        "home/.signalbox/commands/own.md": "Mine."
      })
      assert.deepStrictEqual(
        (yield* list).map(({ argumentHint, description, name, source }) => [
          name,
          description,
          argumentHint,
          source._tag === "File" && source.isOfUser
        ]),
        [
          ["git:commit", "Write a message", undefined, false],
          ["review", "Looks at changes", "[path] [why]", false],
          ["own", "Mine.", undefined, true]
        ]
      )
      assert.deepStrictEqual(yield* problems, [])
      const { content, model, notes, tools } = yield* expand("review", "")
      assert.deepStrictEqual(
        { content, model, notes, tools },
        {
          content: [{ type: "text", text: "Review it." }],
          model: "claude/opus",
          tools: ["Read", "Grep"],
          notes: []
        }
      )
    }).pipe(Effect.scoped)
  )

  it.effect("take what was typed as a whole, word by word, or behind them", () =>
    Effect.gen(function* () {
      const { expand } = yield* commandsOf({
        ".signalbox/commands/all.md": "Look at $ARGUMENTS, and pay \\$1.",
        ".signalbox/commands/words.md": "From $1 to $2; then <${3:-}>, by ${4:-train}.",
        ".signalbox/commands/three.md": "---\nargument-hint: from to why\n---\n$3, $2, @docs/$1 and $2.",
        ".signalbox/commands/none.md": "Do it."
      })
      const said = (name: string, typed: string) => Effect.map(expand(name, typed), ({ content }) => texts(content))
      assert.deepStrictEqual(yield* said("all", " a b  c "), ["Look at a b  c, and pay $1."])
      assert.deepStrictEqual(yield* said("words", `"New York" Rome`), ["From New York to Rome; then <>, by train."])
      assert.deepStrictEqual(yield* said("words", "$2 $ARGUMENTS a bus"), ["From $2 to $ARGUMENTS; then <a>, by bus."])
      assert.deepStrictEqual(yield* said("words", `a "" "" ""`), ["From a to ; then <>, by train."])
      assert.deepStrictEqual(yield* said("none", "with care"), ["Do it.\n\nwith care"])
      const missing = yield* Effect.flip(expand("three", "Rome"))
      assert.deepStrictEqual(
        [missing.code, missing.message],
        ["PROMPT_WORDS_MISSING", 'Prompt "three" needs words for $2 and $3.']
      )
      assert.match(
        missing.hint ?? "",
        /^Type it so: three from to why\. In .*three\.md, \$\{2:-\} stands .*, \\\$2 for itself/
      )
    }).pipe(Effect.scoped)
  )

  it.effect("take files along that the tools may read, and say which did not", () =>
    Effect.gen(function* () {
      const { expand } = yield* commandsOf({
        "docs/style.md": "\uFEFF\n  Short sentences.\n",
        ".env": "KEY=sk-canary",
        ".signalbox/commands/style.md":
          "By @docs/style.md. Mail ada@example.com. Also @docs/$1, @nobody, @.env and `@docs/style.md`.",
        ".signalbox/commands/typed.md": "About $ARGUMENTS"
      })
      const { content, notes } = yield* expand("style", "style.md")
      assert.deepStrictEqual(texts(content), [
        "By @docs/style.md. Mail ada@example.com. Also @docs/style.md, @nobody, @.env and `@docs/style.md`.",
        '<file path="docs/style.md">\n  Short sentences.\n</file>'
      ])
      assert.lengthOf(notes, 2)
      assert.match(notes[0] ?? "", /^@nobody does not go along: there is no such file\.$/)
      assert.match(notes[1] ?? "", /^@\.env does not go along: .*tools\.paths\.deny/)
      // What was typed names no files: whoever types it can put them in.
      assert.deepStrictEqual(texts((yield* expand("typed", "@docs/style.md")).content), ["About @docs/style.md"])
    }).pipe(Effect.scoped)
  )

  it.effect("warn of files that are wrong, with their lines, and the others work", () =>
    Effect.gen(function* () {
      const { list, problems } = yield* commandsOf({
        ".signalbox/commands/broken.md": "---\ndescription: [a\n---\nText",
        ".signalbox/commands/open.md": "---\ndescription: x\nText",
        ".signalbox/commands/empty.md": "---\ndescription: x\n---\n",
        ".signalbox/commands/tools.md": "---\ndescription: x\ntools: { Read: true }\n---\nText",
        ".signalbox/commands/odd.md": "---\ndescription: x\ncolor: red\n---\nText",
        ".signalbox/commands/with blank.md": "Text",
        ".signalbox/commands/good.md": "Text"
      })
      assert.deepStrictEqual(
        (yield* list).map(({ name }) => name),
        ["good", "odd"]
      )
      const told = (yield* problems).map((problem) => problem.replace(/^.*commands\//, ""))
      assert.strictEqual(told.length, 6)
      assert.match(told[0] ?? "", /^broken\.md:\d+: /)
      assert.match(told[1] ?? "", /^empty\.md:1: it has no text/)
      assert.strictEqual(told[2], 'odd.md:3: "color" is none of description, argument-hint, model, tools')
      assert.match(told[3] ?? "", /^open\.md:1: the front matter has no end/)
      assert.match(told[4] ?? "", /^tools\.md:3: "tools" is no list of names/)
      assert.match(told[5] ?? "", /^with blank\.md:1: its name/)
    }).pipe(Effect.scoped)
  )

  it.effect("are also the prompts of servers, under a longer name where the short one is taken", () =>
    Effect.gen(function* () {
      const one = yield* commandsOf({}, { fx: fxServer() })
      // It waits for the server that has it.
      assert.deepStrictEqual(texts((yield* one.expand("greet", "you")).content), ["Say hello to you."])
      assert.deepStrictEqual(
        (yield* one.list).map(({ argumentHint, name }) => [name, argumentHint]),
        [["greet", "name"]]
      )
      for (const typed of ["Ada Lovelace", 'name="Ada Lovelace"']) {
        const { content } = yield* one.expand("greet", typed)
        assert.deepStrictEqual(texts(content), ["Say hello to Ada Lovelace."])
      }
      const missing = yield* Effect.flip(one.expand("greet", ""))
      assert.strictEqual(missing.code, "PROMPT_ARGUMENTS_MISSING")

      const two = yield* commandsOf({ ".signalbox/commands/greet.md": "Hello, $1." }, { fx: fxServer() })
      assert.deepStrictEqual(texts((yield* two.expand("greet", "you")).content), ["Hello, you."])
      for (const name of ["fx:greet", "fx__greet"]) {
        assert.deepStrictEqual(texts((yield* two.expand(name, "you")).content), ["Say hello to you."])
      }
      assert.deepStrictEqual(
        (yield* two.list).map(({ name }) => name),
        ["greet", "fx:greet"]
      )
      const unknown = yield* Effect.flip(two.expand("gret", ""))
      assert.strictEqual(unknown.code, "PROMPT_NOT_FOUND")
      assert.match(unknown.message, /Did you mean "greet"/)
    }).pipe(Effect.scoped)
  )
})
