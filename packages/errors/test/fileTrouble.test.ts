import { assert, describe, it } from "@effect/vitest"
import { fileTrouble } from "@signalbox/errors"
import { PlatformError } from "effect"
import { readFileSync } from "node:fs"

/** As the platform tells of a read that failed. */
const failed = (_tag: "NotFound" | "BadResource" | "Unknown", read: () => unknown) => {
  try {
    read()
  } catch (cause) {
    return PlatformError.systemError({ _tag, module: "FileSystem", method: "readFile", cause })
  }
  throw new Error("it could be read")
}

describe("why a file cannot be read", () => {
  it("is said without the names of methods", () => {
    assert.strictEqual(fileTrouble(failed("NotFound", () => readFileSync("/nosuch"))), "there is no such file")
    assert.strictEqual(
      fileTrouble(failed("BadResource", () => readFileSync(`${import.meta.filename}/x`))),
      "there is no such file"
    )
    assert.strictEqual(fileTrouble(failed("BadResource", () => readFileSync("/"))), "it is a folder")
    const odd = failed("Unknown", () => {
      throw new Error("EIO: i/o error, read")
    })
    assert.strictEqual(fileTrouble(odd), "EIO: i/o error, read")
  })
})
