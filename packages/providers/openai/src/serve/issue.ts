/**
 * What is wrong with a request, and where: shared by both APIs, each of which makes an error of its own of it.
 */
import { Effect, Result, Schema, SchemaIssue } from "effect"

/** One thing that is wrong. */
export interface RequestIssue {
  readonly path: ReadonlyArray<PropertyKey>
  readonly reason: string
  /** The API's own code for the case. */
  readonly errorCode?: string
}

/** The fields of an error class for an issue. */
export interface IssueFields {
  readonly path: string
  readonly reason: string
  readonly errorCode?: string
}

/** A path as these APIs write it: `messages[0].content[1].text`. */
const renderPath = (path: ReadonlyArray<PropertyKey>): string =>
  path
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`))
    .join("")
    .replace(/^\./, "")

/** An issue as the fields of an error. */
export const issueFields = ({ path, ...issue }: RequestIssue): IssueFields => ({ ...issue, path: renderPath(path) })

/** Fails with an issue. */
export const refuse = (
  path: ReadonlyArray<PropertyKey>,
  reason: string,
  errorCode?: string
): Effect.Effect<never, RequestIssue> =>
  Effect.fail({ path, reason, ...(errorCode === undefined ? {} : { errorCode }) })

const toIssues = SchemaIssue.makeFormatterStandardSchemaV1()

/** Checks a body against a schema; fails with the first thing that it found wrong. */
export const checked = <S extends Schema.ConstraintDecoder<unknown>>(schema: S) => {
  const decode = Schema.decodeUnknownResult(schema)
  return (body: unknown): Effect.Effect<S["Type"], RequestIssue> =>
    Result.match(decode(body), {
      onSuccess: (value) => Effect.succeed(value),
      onFailure: (error) => {
        const issue = toIssues(error.issue).issues[0]
        const path = (issue?.path ?? []).map((step) => (typeof step === "object" ? step.key : step))
        return refuse(path, issue?.message ?? "invalid")
      }
    })
}

/** Turns a list item by item; an issue is placed at its item. */
export const forEachAt = <A, B, R>(
  path: ReadonlyArray<PropertyKey>,
  items: ReadonlyArray<A>,
  turn: (item: A, path: ReadonlyArray<PropertyKey>) => Effect.Effect<B, RequestIssue, R>
): Effect.Effect<ReadonlyArray<B>, RequestIssue, R> =>
  Effect.forEach(items, (item, index) => turn(item, [...path, index]))
