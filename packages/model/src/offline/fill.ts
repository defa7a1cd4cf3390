/**
 * A tool's arguments from what a person typed, led by the JSON Schema alone.
 * Whatever comes out is complete or says what is missing; an optional argument is given only when the
 * text speaks for it.
 */
import type { DateTime } from "effect"
import type { JsonObject } from "../ContentBlock.ts"
import type { ToolDefinition } from "../Tool.ts"
import { fillExplicit, type Input } from "./fillExplicit.ts"
import { fillPaths } from "./fillPaths.ts"
import { fillText } from "./fillText.ts"
import { fillTyped } from "./fillTyped.ts"
import type { Literal } from "./literals.ts"
import type { Parameter } from "./parameters.ts"
import { freeLiterals, type Source } from "./source.ts"
import { fillStatement } from "./statement.ts"
import type { Understood } from "./understand.ts"
import { stemsOf } from "./words.ts"

export interface Filled {
  readonly input: JsonObject
  /** Required parameters for which the text has nothing. */
  readonly missing: ReadonlyArray<Parameter>
  /** Values in the text that this tool has no use for. */
  readonly unused: ReadonlyArray<Literal>
  /** How many arguments came from the text. */
  readonly given: number
  /** How many of those are only what was left of the sentence. */
  readonly guessed: number
}

export interface FillOptions {
  readonly now: DateTime.Utc
  /** What the step before answered. */
  readonly previous?: string | undefined
  /** Answers to earlier questions, by parameter. */
  readonly answers?: ReadonlyMap<string, unknown>
}

/** The parameters of the object that a parameter is, or is a list of. */
const innerFields = ({ fields, items, role }: Parameter): ReadonlyArray<Parameter> => {
  if (role === "object") return fields
  return items?.role === "object" ? items.fields : []
}

const fillNested = (source: Source, parameters: ReadonlyArray<Parameter>, input: Input): void => {
  for (const parameter of parameters) {
    if (input.has(parameter.name) || !parameter.isRequired) continue
    const fields = innerFields(parameter)
    if (fields.length === 0) continue
    const before = source.taken.length
    const inner: Input = new Map()
    fillAll(source, fields, inner)
    const isComplete = fields.every(({ isRequired, name }) => !isRequired || inner.has(name))
    if (!isComplete || inner.size === 0) {
      source.taken.splice(before)
      continue
    }
    const value = Object.fromEntries(inner)
    input.set(parameter.name, parameter.role === "list" ? [value] : value)
  }
}

const fillAll = (source: Source, parameters: ReadonlyArray<Parameter>, input: Input): void => {
  fillExplicit(source, parameters, input)
  fillStatementAfterPair(source, parameters, input)
  fillTyped(source, parameters, input)
  fillPaths(source, parameters, input)
  fillNested(source, parameters, input)
  fillText(source, parameters, input)
  for (const parameter of parameters) {
    if (!input.has(parameter.name) && parameter.isRequired && parameter.fallback !== undefined) {
      input.set(parameter.name, parameter.fallback)
    }
  }
}

/** Two ends need to be known before their tie. */
const fillStatementAfterPair = (source: Source, parameters: ReadonlyArray<Parameter>, input: Input): void => {
  if (parameters.some(({ role }) => role === "type") && parameters.length <= 4)
    fillPaths(
      source,
      parameters.filter(({ role }) => role !== "list" && role !== "path"),
      input
    )
  fillStatement(source, parameters, input)
}

/** Fills the parameters of a tool from a request. */
export const fill = (
  tool: ToolDefinition,
  parameters: ReadonlyArray<Parameter>,
  request: Understood,
  options: FillOptions
): Filled => {
  const input: Input = new Map()
  for (const [name, answer] of options.answers ?? []) input.set(name, answer)
  const names = `${tool.originalName} ${tool.title ?? tool.annotations.title ?? ""}`
  const source: Source = {
    request,
    now: options.now,
    toolStems: new Set(stemsOf(names)),
    isAboutFolders: /\b(?:director(?:y|ies)|folders?)\b/i.test(
      `${names.replace(/[_-]/g, " ")} ${tool.description.slice(0, 160)}`
    ),
    previous: options.previous,
    taken: [],
    guessed: new Set()
  }
  fillAll(source, parameters, input)
  return {
    input: Object.fromEntries(input),
    missing: parameters.filter(({ isRequired, name }) => isRequired && !input.has(name)),
    unused: freeLiterals(
      source,
      "pair",
      "quoted",
      "json",
      "url",
      "email",
      "uuid",
      "glob",
      "path",
      "selector",
      "number"
    ),
    guessed: source.guessed.size,
    given:
      input.size -
      parameters.filter(
        ({ isRequired, name, fallback }) => isRequired && fallback !== undefined && input.get(name) === fallback
      ).length
  }
}
