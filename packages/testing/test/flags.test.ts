import { assert, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { fxMcpCommand, type FxMcpFlags } from "@signalbox/testing"

const run = (command: string, args: ReadonlyArray<string>) =>
  promisify(execFile)(command, args).then(
    ({ stdout }) => ({ code: 0, stdout, stderr: "" }),
    (error: { readonly code: number; readonly stdout: string; readonly stderr: string }) => error
  )

const runMcp = (flags: FxMcpFlags, more: ReadonlyArray<string> = []) => {
  const { command, args } = fxMcpCommand(flags)
  return run(command, [...args, ...more])
}

describe("flags of fx-mcp", () => {
  it("prints every flag, fault and tool with --help", async () => {
    const { stdout, code } = await runMcp({}, ["--help"])
    assert.strictEqual(code, 0)
    for (const word of ["--startup-delay MS", "--fail-init N|always", "sse-breaks", "fetch_mock_data"]) {
      assert.include(stdout, word)
    }
  })

  const wrong: ReadonlyArray<readonly [flags: ReadonlyArray<string>, says: string]> = [
    [["--no-such-flag"], "--no-such-flag"],
    [["--call-delay", "soon"], "--call-delay needs a duration"],
    [["--tools", "nonsense"], `there is no tool "nonsense"`],
    [["--fault", "nonsense"], `there is no fault "nonsense"`],
    [["--fault", "exit@lunch"], `"lunch" is not one of`],
    [["--fault", "html"], "needs --http"],
    [["--fault", "hold@call:2"], "needs a file"],
    [["--ask", "weather"], `"weather" is not elicitation, url`],
    [["--era", "1999"], "--era"]
  ]
  for (const [flags, says] of wrong) {
    it(`refuses ${flags.join(" ")}`, async () => {
      const { code, stderr } = await runMcp({}, flags)
      assert.strictEqual(code, 2)
      assert.include(stderr, says)
    })
  }

  it("reads durations with and without a unit", async () => {
    const { code } = await runMcp({ startupDelay: "5ms", callDelay: 400, initDelay: "1.5s", exitAtStart: 0 })
    assert.strictEqual(code, 0)
  })
})
