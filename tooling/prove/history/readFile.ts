/** The file of a conversation as it lies there, read by nobody's store: its records, and what is wrong with its lines. */
import { type ChatEvent, decodeLine, uniqueKey } from "@signalbox/conversation"
import { readFile } from "node:fs/promises"

/** What a file holds. */
export interface ReadFile {
  readonly events: ReadonlyArray<ChatEvent>
  /** Lines that are torn, and numbers or records that are there twice. */
  readonly faults: ReadonlyArray<string>
}

/** Reads it line by line. The file of a program that ended well has no torn line. */
export const readConversation = async (file: string): Promise<ReadFile> => {
  const text = await readFile(file, "utf8")
  const lines = text.split("\n")
  const faults = lines.pop() === "" ? [] : [`${file}: the last line has no end`]
  const events: Array<ChatEvent> = []
  const keys = new Set<string>()
  for (const [index, line] of lines.entries()) {
    const where = `${file}, line ${index + 1}`
    const decoded = decodeLine(line)
    if (!("event" in decoded)) {
      faults.push(`${where}: no record`)
      continue
    }
    const { event } = decoded
    const key = uniqueKey(event)
    if (event.seq <= (events.at(-1)?.seq ?? 0)) faults.push(`${where}: number ${event.seq} is not above the one before`)
    if (key !== undefined && keys.has(key)) faults.push(`${where}: a second ${key}`)
    if (key !== undefined) keys.add(key)
    events.push(event)
  }
  return { events, faults }
}
