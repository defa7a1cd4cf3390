/**
 * The JSON Schema of an Effect Schema in the form that tools need: an object at the root. What is none travels as the
 * only field of one.
 */
import { Schema } from "effect"
import { isJsonObject, type JsonObject } from "../ContentBlock.ts"

/** A schema for models, and how the value is taken out of what they answer. */
export interface ObjectSchema {
  readonly jsonSchema: JsonObject
  readonly unwrap: (answer: unknown) => unknown
}

const field = "value"

/** Unknown fields are forbidden, so that models do not invent any. */
export const jsonSchemaOf = (schema: Schema.Constraint): ObjectSchema => {
  const { definitions, schema: root } = Schema.toJsonSchemaDocument(schema, { onExcessProperty: "error" })
  const defs: JsonObject = Object.keys(definitions).length === 0 ? {} : { $defs: definitions }
  const named = typeof root["$ref"] === "string" ? definitions[root["$ref"].replace("#/$defs/", "")] : undefined
  const object: unknown = named ?? root
  if (isJsonObject(object) && object["type"] === "object") {
    return { jsonSchema: { ...object, ...defs }, unwrap: (answer) => answer }
  }
  return {
    jsonSchema: {
      type: "object",
      properties: { [field]: root },
      required: [field],
      additionalProperties: false,
      ...defs
    },
    unwrap: (answer) => (isJsonObject(answer) ? answer[field] : answer)
  }
}
