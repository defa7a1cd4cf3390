/**
 * The keywords that combine schemas (JSON Schema 2020-12, core, §10.2). Of several alternatives none of which fits, the
 * one that was most likely meant says what is wrong.
 */
import { type Check, type Keywords, type Run, type Violation, violationsOf } from "./Check.ts"

const partsOf = (value: unknown, compile: (schema: unknown) => Check): ReadonlyArray<Check> =>
  Array.isArray(value) ? value.map(compile) : []

/** Violations of alternatives, none of which fits, as those of the only one that has the type, or as one. */
const told = (all: ReadonlyArray<ReadonlyArray<Violation>>, place: Violation["place"], value: unknown) => {
  const ofType = all.filter((found) =>
    found.every((violation) => violation.type !== "type" || violation.place !== place)
  )
  const [only] = ofType
  if (ofType.length === 1 && only !== undefined) return only
  const messages = [
    ...new Set(all.flatMap(([first]) => (first !== undefined && first.place === place ? [first.message] : [])))
  ]
  const why = messages.length === all.length ? `: ${messages.slice(0, 5).join("; ")}` : ""
  return [{ place, type: "type" as const, message: `fits none of the ${all.length} alternatives${why}`, value }]
}

/** Whether the run may still say that something is wrong. */
const isSure = ({ budget }: Run): boolean => budget.left > 0

const anyOf =
  (checks: ReadonlyArray<Check>, isExclusive: boolean): Check =>
  (value, place, run) => {
    const all: Array<ReadonlyArray<Violation>> = []
    for (const check of checks) {
      const found = violationsOf(check, value, place, run)
      if (found.length === 0 && !isExclusive) return
      all.push(found)
    }
    const fitting = all.filter((found) => found.length === 0).length
    if (fitting === 1 || !isSure(run)) return
    if (fitting === 0) run.found.push(...told(all, place, value))
    else
      run.found.push({
        place,
        type: "type",
        message: `fits ${fitting} alternatives of which exactly one may fit`,
        value
      })
  }

/** `if`, `then` and `else`. */
const conditional: Keywords = (schema, compile) => {
  if (schema["if"] === undefined) return []
  const condition = compile(schema["if"])
  const yes = schema["then"] === undefined ? undefined : compile(schema["then"])
  const no = schema["else"] === undefined ? undefined : compile(schema["else"])
  return [
    (value, place, run) => {
      const holds = violationsOf(condition, value, place, run).length === 0
      if (isSure(run)) (holds ? yes : no)?.(value, place, run)
    }
  ]
}

const negation: Keywords = (schema, compile) => {
  if (schema["not"] === undefined) return []
  const check = compile(schema["not"])
  return [
    (value, place, run) => {
      if (violationsOf(check, value, place, run).length > 0 || !isSure(run)) return
      run.found.push({ place, type: "type", message: "is what it must not be", value })
    }
  ]
}

/** All of them. */
export const combiningKeywords: Keywords = (schema, compile) => {
  const any = partsOf(schema["anyOf"], compile)
  const one = partsOf(schema["oneOf"], compile)
  return [
    ...partsOf(schema["allOf"], compile),
    ...(any.length === 0 ? [] : [anyOf(any, false)]),
    ...(one.length === 0 ? [] : [anyOf(one, true)]),
    ...conditional(schema, compile),
    ...negation(schema, compile)
  ]
}
