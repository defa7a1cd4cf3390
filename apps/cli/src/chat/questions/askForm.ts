/**
 * A form of a server, asked field by field. Nothing is sent before the person has seen the whole and said yes.
 */
import type { ElicitationAnswer, JsonObject } from "@signalbox/model"
import { Effect } from "effect"
import type { Asking } from "./Asking.ts"
import { type FormField, formFields } from "./formField.ts"

const shown = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value))

const promptOf = (field: FormField): string => {
  const ifEmpty =
    field.default !== undefined ? `; Enter: ${shown(field.default)}` : field.isRequired ? "" : "; Enter: nothing"
  return `${field.title} (${field.expected}${ifEmpty}):`
}

const explain = Effect.fnUntraced(function* ({ show }: Asking, { choices, description }: FormField) {
  if (description !== undefined) yield* show(`  ${description}`)
  yield* Effect.forEach(
    choices,
    ({ title, value }, index) => show(`  ${index + 1}. ${title}${title === value ? "" : ` (${value})`}`),
    { discard: true }
  )
})

/** The value of one field; asked again until it fits. Nothing where the person left the question. */
const askField = Effect.fnUntraced(function* (asking: Asking, field: FormField) {
  yield* explain(asking, field)
  while (true) {
    const typed = yield* asking.ask(promptOf(field))
    if (typed === undefined) return undefined
    if (typed === "" && field.default !== undefined) return { value: field.default }
    if (typed === "" && !field.isRequired) return { value: undefined }
    const read = typed === "" ? { problem: "It needs a value. Ctrl-C leaves the question." } : field.read(typed)
    if ("value" in read) return read
    yield* asking.show(`  ${read.problem}`)
  }
})

/** Asks all fields of the form. */
export const askForm = Effect.fnUntraced(function* (
  asking: Asking,
  source: string,
  { message, schema }: { readonly message: string; readonly schema: JsonObject }
): Effect.fn.Return<ElicitationAnswer> {
  yield* asking.show(`${source} asks: ${message}`)
  const values: Array<readonly [string, unknown]> = []
  for (const field of formFields(schema)) {
    const answer = yield* askField(asking, field)
    if (answer === undefined) return { action: "cancel" }
    if (answer.value !== undefined) values.push([field.name, answer.value])
  }
  const content = Object.fromEntries(values)
  yield* Effect.forEach(values, ([name, value]) => asking.show(`  ${name}: ${shown(value)}`), { discard: true })
  const isSent = yield* asking.confirm(`Send this to ${source}?`, true)
  if (isSent === undefined) return { action: "cancel" }
  return isSent ? { action: "accept", content } : { action: "decline" }
})
