/**
 * How this API grows: fields are added, optional ones may be null, and nothing that is unknown is wrong.
 */
import { JsonObject } from "@signalbox/model"
import { Schema } from "effect"

/** A field that may be absent, and null, which says as much. */
export const nullable = <S extends Schema.Top>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

const others = Schema.Record(Schema.String, Schema.Unknown)

/** An object of these fields, which keeps whatever else it has. */
export const open = <const Fields extends Schema.Struct.Fields>(fields: Fields) =>
  Schema.StructWithRest(Schema.Struct(fields), [others])

/** An object that says what it is: blocks, tools, edits and sources of every kind, known or not. */
export const Typed = JsonObject.check(
  Schema.makeFilter((value) => typeof value["type"] === "string" || "Expected an object with a type")
)
