/**
 * How the readers of this direction say that something is wrong, and where.
 */
import { Effect, Result } from "effect"
import type { BlockIssue } from "../blocks.ts"
import { InvalidMessagesRequest } from "./InvalidMessagesRequest.ts"

/** The error of the field at `path`. */
export const invalid = (path: ReadonlyArray<PropertyKey>, reason: string): InvalidMessagesRequest =>
  new InvalidMessagesRequest({ path: path.map(String).join("."), reason })

/** A result of the block readers, whose paths begin below `path`. */
export const fromBlocks = <A>(
  path: ReadonlyArray<PropertyKey>,
  result: Result.Result<A, BlockIssue>
): Effect.Effect<A, InvalidMessagesRequest> =>
  Effect.fromResult(Result.mapError(result, (issue) => invalid([...path, ...issue.path], issue.reason)))
