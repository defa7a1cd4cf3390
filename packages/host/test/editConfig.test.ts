import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { type ConfigChange, type ConfigSource, editConfig } from "@signalbox/host"
import { Effect, FileSystem, Path } from "effect"
import { parse } from "yaml"

const server = { enabled: true, transport: "stdio", command: "x", args: [], env: {} }

const text = [
  "extends: preset:default@1",
  "# What runs here.",
  "servers:",
  "  # The first one.",
  "  a: { enabled: true, transport: http, url: http://a/mcp, headers: {} } # of old",
  "  b:",
  "    enabled: true",
  "    transport: stdio",
  "    command: b # by hand",
  "    args: []",
  "    env: {}",
  ""
].join("\n")

/** A folder with a configuration of this text, and a way to change it and to look at it. */
const withText = Effect.fnUntraced(function* (content: string, environment: Readonly<Record<string, string>> = {}) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const directory = yield* fs.makeTempDirectoryScoped()
  const file = path.join(directory, "signalbox.yaml")
  yield* fs.writeFileString(file, content)
  const source: ConfigSource = { file: undefined, directory, environment, flags: [], whenMissing: "fail" }
  return {
    directory,
    file,
    source,
    apply: (...changes: ReadonlyArray<ConfigChange>) =>
      editConfig(source, ({ servers }) => Effect.succeed({ changes, value: Object.keys(servers) })),
    read: fs.readFileString(file),
    files: fs.readDirectory(directory)
  }
})

layer(NodeServices.layer)("changing a configuration", (it) => {
  it.effect("adds, replaces and removes entries and keeps every comment beside them", () =>
    Effect.gen(function* () {
      const { apply, files, read } = yield* withText(text)
      const { isChanged, value } = yield* apply(
        { path: ["servers", "c"], value: server },
        { path: ["servers", "b", "enabled"], value: false }
      )
      assert.isTrue(isChanged)
      assert.deepStrictEqual(value, ["a", "b"])
      const added = yield* read
      for (const comment of ["# What runs here.", "# The first one.", "# of old", "# by hand"])
        assert.include(added, comment)
      assert.include(added, "    enabled: false\n")
      assert.match(added, /^ {2}c:\n {4}enabled: true$/m)
      yield* apply({ path: ["servers", "c"], value: undefined }, { path: ["servers", "b", "enabled"], value: true })
      assert.strictEqual(yield* read, text)
      assert.deepStrictEqual(yield* files, ["signalbox.yaml"])
    })
  )

  it.effect("touches no other line, however it is laid out", () =>
    Effect.gen(function* () {
      const laidOut = [
        "extends: 'preset:default@1'   # as it comes",
        "",
        "servers:",
        "    # Kept apart.",
        "    a:   { enabled: true, transport: stdio, command: x, env: {},",
        '           args: ["-y",',
        '                  "pkg"] }',
        "",
        "    # Goes with b.",
        "    b:",
        "        enabled:   true   # on",
        "        transport: stdio",
        "        command: |-",
        "          several words",
        "        args: [-x]",
        "        env: {}",
        "",
        "conversation: {maxHops: 3}",
        ""
      ]
      const { apply, read } = yield* withText(laidOut.join("\n"))
      yield* apply({ path: ["servers", "b", "enabled"], value: false })
      const off = laidOut.with(10, "        enabled:   false   # on")
      assert.deepStrictEqual((yield* read).split("\n"), off)
      yield* apply({ path: ["servers", "c"], value: server })
      const lines = [
        "    c:",
        "      enabled: true",
        "      transport: stdio",
        "      command: x",
        "      args: []",
        "      env: {}"
      ]
      assert.deepStrictEqual((yield* read).split("\n"), off.toSpliced(16, 0, ...lines))
      yield* apply({ path: ["servers", "b"], value: undefined }, { path: ["servers", "c"], value: undefined })
      assert.deepStrictEqual((yield* read).split("\n"), laidOut.toSpliced(8, 8))
    })
  )

  it.effect("leaves entries alone that borrow from the one that is changed or removed", () =>
    Effect.gen(function* () {
      const { apply, read } = yield* withText(
        [
          "extends: preset:default@1",
          "servers:",
          "  a: &one { enabled: true, transport: stdio, command: x, args: [], env: &none {} }",
          "  b: *one",
          "  c: { enabled: true, transport: stdio, command: y, args: [], env: *none }"
        ].join("\n")
      )
      yield* apply({ path: ["servers", "b", "enabled"], value: false })
      yield* apply({ path: ["servers", "a"], value: undefined })
      const { servers } = parse(yield* read)
      assert.deepStrictEqual(servers, { b: { ...server, enabled: false }, c: { ...server, command: "y" } })
    })
  )

  it.effect("writes nothing that would not be sound, and says why with its place", () =>
    Effect.gen(function* () {
      const { apply, read } = yield* withText(text, { SIGNALBOX_SERVERS: "{}" })
      const error = yield* Effect.flip(apply({ path: ["servers", "c"], value: { ...server, command: 5 } }))
      assert.strictEqual(error._tag, "ConfigInvalid")
      assert.include(error.message, "servers.c.command")
      assert.strictEqual(yield* read, text)
    })
  )

  it.effect("keeps the permissions of the file, follows a link, and leaves a file alone in which nothing changes", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { apply, directory, file, source } = yield* withText(text)
      yield* fs.chmod(file, 0o600)
      const link = `${directory}/link.yaml`
      yield* fs.symlink(file, link)
      const change = { changes: [{ path: ["servers", "a"], value: undefined }], value: undefined }
      yield* editConfig({ ...source, file: link }, () => Effect.succeed(change))
      assert.strictEqual(yield* fs.readLink(link), file)
      const { mode } = yield* fs.stat(file)
      assert.strictEqual(mode & 0o777, 0o600)
      assert.notInclude(yield* fs.readFileString(file), "  a:")
      assert.isFalse((yield* apply({ path: ["servers", "a"], value: undefined })).isChanged)
      assert.isFalse((yield* apply()).isChanged)
    })
  )

  it.effect("keeps JSON as JSON, and the line ends of Windows", () =>
    Effect.gen(function* () {
      const json = yield* withText(JSON.stringify({ extends: "preset:default@1", servers: {} }))
      yield* json.apply({ path: ["servers", "c"], value: server })
      assert.deepStrictEqual(JSON.parse(yield* json.read).servers, { c: server })
      const windows = yield* withText(text.replaceAll("\n", "\r\n"))
      yield* windows.apply({ path: ["servers", "c"], value: server })
      assert.notMatch(yield* windows.read, /[^\r]\n/)
    })
  )
})
