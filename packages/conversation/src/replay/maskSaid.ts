/**
 * A model that was shown a secret may say it, in as many pieces as it likes: no single event of a stream has it then. Such a
 * stream is looked at as a whole: texts of the same field are read on from event to event.
 */
import { Predicate, Result } from "effect"
import type { Mask } from "./Mask.ts"

/** One event of a stream, with its JSON where it has any. */
interface StreamEvent {
  readonly text: string
  readonly json: unknown
}

/** A text in an event, and where it begins in all texts of its field. */
interface Leaf {
  readonly event: number
  readonly keys: ReadonlyArray<string>
  readonly start: number
  readonly text: string
}

const dataPattern = /^data: ?(.*)$/m

const readEvents = (stream: string): ReadonlyArray<StreamEvent> =>
  stream.split(/(?<=\n\n)/).map((text) => {
    const [, data = ""] = dataPattern.exec(text) ?? []
    return { text, json: Result.getOrUndefined(Result.try((): unknown => JSON.parse(data))) }
  })

const leavesOf = (
  value: unknown,
  keys: ReadonlyArray<string>
): ReadonlyArray<readonly [ReadonlyArray<string>, string]> => {
  if (Predicate.isString(value)) return [[keys, value]]
  if (!Predicate.isObjectOrArray(value)) return []
  return Object.entries(value).flatMap(([key, item]) => leavesOf(item, [...keys, key]))
}

/** The texts of each field, in order. */
const fieldsOf = (events: ReadonlyArray<StreamEvent>): ReadonlyMap<string, ReadonlyArray<Leaf>> => {
  const fields = new Map<string, Array<Leaf>>()
  for (const [event, { json }] of events.entries()) {
    for (const [keys, text] of leavesOf(json, [])) {
      const field = keys.join("/")
      const leaves = fields.get(field) ?? []
      const last = leaves.at(-1)
      leaves.push({ event, keys, text, start: last === undefined ? 0 : last.start + last.text.length })
      fields.set(field, leaves)
    }
  }
  return fields
}

const withText = (value: unknown, [key, ...rest]: ReadonlyArray<string>, text: string): unknown => {
  if (key === undefined) return text
  const inner = withText(Reflect.get(Object(value), key), rest, text)
  if (Array.isArray(value)) return value.map((item: unknown, index) => (String(index) === key ? inner : item))
  return { ...Object(value), [key]: inner }
}

/** What is left of a text when parts of it are hidden; what hides a part stands where it begins. */
const without = ({ start, text }: Leaf, spans: ReadonlyArray<readonly [number, number]>, hidden: string): string => {
  let result = ""
  let at = start
  for (const [from, to] of spans) {
    if (to <= at || from >= start + text.length) continue
    result += text.slice(at - start, Math.max(from, at) - start) + (from >= at ? hidden : "")
    at = Math.max(at, to)
  }
  return result + text.slice(Math.max(0, at - start))
}

/** The stream without secrets that stand in several events; `undefined` where there are none. */
export const hideSaid = (mask: Mask, stream: string): ReadonlyArray<string> | undefined => {
  const events = readEvents(stream)
  const changed = new Map<number, unknown>()
  for (const leaves of fieldsOf(events).values()) {
    const spans = mask.spans(leaves.map(({ text }) => text).join(""))
    for (const leaf of leaves) {
      const text = without(leaf, spans, mask.hidden)
      if (text === leaf.text) continue
      const json = changed.get(leaf.event) ?? events[leaf.event]?.json
      changed.set(leaf.event, withText(json, leaf.keys, text))
    }
  }
  if (changed.size === 0) return undefined
  return events.map(({ text }, index) => {
    const json = changed.get(index)
    return json === undefined ? text : text.replace(dataPattern, () => `data: ${JSON.stringify(json)}`)
  })
}
