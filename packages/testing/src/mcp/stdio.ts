/**
 * fx-mcp over stdin and stdout: one JSON message per line, and all the ways in which such lines can be wrong. Bytes go out
 * in order; nothing is written after stdout was closed.
 */
import { closeSync } from "node:fs"
import { StringDecoder } from "node:string_decoder"
import type { DueFault } from "./faults.ts"
import { writeStderr } from "./lifecycle.ts"
import type { McpServer, Outgoing } from "./McpServer.ts"
import { asObject, errorAnswer, errorCode, RpcError } from "./protocol.ts"
import { spoil } from "./spoil.ts"

/** Serves until stdin ends (or for ever, when the flags say so). */
export const serveStdio = (server: McpServer): void => {
  const { flags, log, surroundings } = server
  let isFirst = true
  let isOpen = true

  const writeBytes = (bytes: Buffer, then?: () => void) => {
    if (!isOpen) return
    process.stdout.write(bytes, () => then?.())
  }

  const writeText = (text: string, then?: () => void) => {
    const prefix = isFirst ? noise(server) : ""
    isFirst = false
    const bytes = Buffer.from(prefix + text)
    if (!flags.splitCharacters) return writeBytes(bytes, then)
    for (const part of splitCharacters(bytes)) writeBytes(part)
    writeBytes(Buffer.alloc(0), then)
  }

  const send = (message: unknown, then?: () => void) => writeText(`${JSON.stringify(message)}\n`, then)

  const deliver = (outgoing: Outgoing): void => {
    const { answer, fault, method } = outgoing
    if (answer === undefined) return
    const text = JSON.stringify(answer)
    if (fault !== undefined && breakOff(fault, text)) return
    const messages = spoil(answer, fault)
    for (const message of messages.slice(0, -1)) send(message)
    send(messages.at(-1), () => server.answered(method))
  }

  /** Does what the fault says about bytes and processes; answers whether it replaced the answer. */
  const breakOff = (fault: DueFault, text: string): boolean => {
    switch (fault.kind) {
      case "never":
        return true
      case "exit":
        surroundings.exit(Number(fault.value ?? 1))
        return true
      case "kill":
        // An unknown name makes `process.kill` fail with a clear text.
        surroundings.die((fault.value ?? "SIGKILL") as NodeJS.Signals)
        return true
      case "close-stdout":
        isOpen = false
        closeSync(1)
        return true
      case "half-line":
        writeText(text.slice(0, text.length / 2))
        return true
      case "half-line-exit":
        writeText(text.slice(0, text.length / 2), () => surroundings.exit(1))
        return true
      case "junk":
        writeText("Downloading model weights: 42 % {not json}\n")
        return false
      case "stderr":
        writeStderr(Number(fault.value ?? 1_000_000))
        return false
      default:
        return false
    }
  }

  const receiveLine = async (line: string): Promise<void> => {
    const message = parse(line)
    if (message === undefined) {
      return send(errorAnswer(null, new RpcError(errorCode.parse, `Not JSON: ${line.slice(0, 80)}`)))
    }
    const messages: ReadonlyArray<unknown> = Array.isArray(message) ? message : [message]
    // Without a handshake, changes are announced only to those who asked with subscriptions/listen.
    if (messages.some((item) => asObject(item)["method"] === "initialize")) server.subscribe(send)
    const answers = await Promise.all(messages.map((item) => server.receive(item, { session: "stdio", send })))
    for (const outgoing of answers) if (outgoing !== undefined) deliver(outgoing)
  }

  const lines = lineReader((line) => void receiveLine(line))
  process.stdin.on("data", lines)
  process.stdin.on("end", () => {
    log("stdin_end")
    if (!flags.ignoreEof) process.exit(0)
    // Nothing else keeps the process alive now.
    setInterval(() => {}, 60_000)
  })
  process.stdout.on("error", () => {
    // The client is gone; the end of stdin says what to do about it.
    isOpen = false
  })
}

/** What the flags put in front of the first message. */
const noise = ({ flags }: McpServer): string =>
  (flags.bom ? "\uFEFF" : "") + "npm warn this is not JSON\n".repeat(flags.junkLines ?? 0) + (flags.textBefore ?? "")

/** Cuts after the first byte of each multi-byte character. */
const splitCharacters = (bytes: Buffer): ReadonlyArray<Buffer> => {
  const parts: Array<Buffer> = []
  let from = 0
  for (const [index, byte] of bytes.entries()) {
    if (byte < 0xc0) continue
    parts.push(bytes.subarray(from, index + 1))
    from = index + 1
  }
  return [...parts, bytes.subarray(from)]
}

const lineReader = (receive: (line: string) => void) => {
  const decoder = new StringDecoder("utf8")
  let parts: Array<string> = []
  return (chunk: Buffer): void => {
    const pieces = decoder.write(chunk).split("\n")
    for (const [index, piece] of pieces.entries()) {
      parts.push(piece)
      if (index === pieces.length - 1) break
      const line = parts.join("").trim()
      parts = []
      if (line !== "") receive(line)
    }
  }
}

const parse = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
