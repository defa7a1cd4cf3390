/**
 * What the upstream is told instead of names and ids that it does not take. Both ways are known for one request:
 * nothing is held, and two names that would become alike stay apart.
 */
import { fitName } from "@signalbox/model"
import { Hash } from "effect"

/** The names of a request's tools as they are sent. */
export interface ToolNames {
  readonly toWire: (name: string) => string
  /** What the sent names stand for. */
  readonly fromWire: ReadonlyMap<string, string>
}

/** A name that fits as it is must never be taken by one that was changed. */
const isKept = (name: string): boolean => fitName(name) === name

/** Names every tool. Those that come first keep their name where two would be sent alike. */
export const toolNames = (names: Iterable<string>): ToolNames => {
  const toWire = new Map<string, string>()
  const fromWire = new Map<string, string>()
  const given = [...new Set(names)]
  for (const name of [...given.filter(isKept), ...given.filter((name) => !isKept(name))]) {
    let sent = fitName(name)
    for (let salt = `${name}\0`; fromWire.has(sent); salt += "\0") sent = fitName(salt)
    toWire.set(name, sent)
    fromWire.set(sent, name)
  }
  return { toWire: (name) => toWire.get(name) ?? fitName(name), fromWire }
}

/** OpenAI takes no longer ids. */
const maxIdLength = 40

const digits = (text: string): string => (Hash.string(text) >>> 0).toString(36)

const plainId = (id: string, salt: string): string => {
  const cleaned = id.replace(/[^A-Za-z0-9_-]/g, "_")
  if (id !== "" && id.length <= maxIdLength && salt === "") return cleaned
  const hash = digits(id + salt)
  return `${cleaned.slice(0, maxIdLength - 1 - hash.length)}_${hash}`
}

const nineId = (id: string, salt: string): string => {
  if (/^[A-Za-z0-9]{9}$/.test(id) && salt === "") return id
  return `${digits(id + salt)}${digits(`${salt}${id}0`)}`.padEnd(9, "0").slice(0, 9)
}

const makers = { plain: plainId, nine: nineId } as const

/** The ids of a conversation's calls as they are sent: no two alike, and a call and its result always the same. */
export const callIds = (ids: Iterable<string>, form: keyof typeof makers): ((id: string) => string) => {
  const make = makers[form]
  const sent = new Map<string, string>()
  const taken = new Set<string>()
  const given = [...new Set(ids)]
  const isSame = (id: string) => make(id, "") === id
  for (const id of [...given.filter(isSame), ...given.filter((id) => !isSame(id))]) {
    let salt = ""
    while (taken.has(make(id, salt))) salt += "0"
    taken.add(make(id, salt))
    sent.set(id, make(id, salt))
  }
  return (id) => sent.get(id) ?? make(id, "")
}
