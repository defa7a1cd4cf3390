/**
 * `defineError` makes the error classes of every Signalbox package.
 * A class lives in the package that fails with it and carries its own row of the status table,
 * so nobody downstream parses messages: they read `code`, `retryable` and `hint`.
 */
import { type Cause, type Duration, Effect, Predicate, Runtime, Schema } from "effect"
import type { ErrorStatus } from "./status.ts"

const TypeId = "~@signalbox/errors/SignalboxError"

/** What every Signalbox error has, whichever package it comes from. */
export interface SignalboxError extends Error {
  readonly _tag: string
  /** Stable, in capitals, unique over all packages: `SERVER_UNREACHABLE`. */
  readonly code: string
  readonly status: ErrorStatus
  /** Whether the same operation may succeed when tried again. Set by whoever failed, who knows best. */
  readonly retryable: boolean
  /** The next step for the person who reads the error. */
  readonly hint?: string | undefined
  /** How long to wait before another try, where the other side said so. */
  readonly retryAfter?: Duration.Duration | undefined
}

/** What is known of an error class without an instance: one line of `signalbox errors list`. */
export interface ErrorDefinition {
  readonly tag: string
  readonly code: string
  readonly status: ErrorStatus
  /** The default; an instance may say otherwise. */
  readonly retryable: boolean
}

/** The fields that `defineError` adds to those of the class. */
export interface ContractFields {
  readonly retryable: Schema.withConstructorDefault<Schema.Boolean>
  readonly hint: Schema.optional<Schema.String>
  readonly retryAfter: Schema.optionalKey<Schema.DurationFromMillis>
  readonly cause: Schema.optionalKey<Schema.Defect>
}

/** What the author of an error class says about it. */
export interface ErrorOptions<Fields extends Schema.Struct.Fields> {
  readonly code: string
  readonly status: ErrorStatus
  /** Default for instances that do not say: `false`. */
  readonly retryable?: boolean
  readonly fields: Fields
  /** One sentence that names the place (server, tool, file) and what went wrong. */
  readonly message: (error: Schema.Struct.Type<Fields>) => string
  /** The next step, used when the instance brings none of its own. */
  readonly hint?: (error: Schema.Struct.Type<Fields>) => string | undefined
}

/** The members that instances have beside their fields. */
export interface ErrorMembers extends Cause.YieldableError {
  readonly code: string
  readonly status: ErrorStatus
}

/** The class that `defineError` returns, to be extended once. */
export type DefinedError<Self, Tag extends string, Fields extends Schema.Struct.Fields> = Schema.Class<
  Self,
  Schema.TaggedStruct<Tag, Fields & ContractFields>,
  ErrorMembers
> & { readonly definition: ErrorDefinition }

/** Any class made by `defineError`. */
export interface ErrorClass {
  readonly definition: ErrorDefinition
}

/**
 * Defines an error class with a stable code and its row of the status table.
 *
 * Use it for every failure that a caller may want to tell apart. Instances are yieldable, are real
 * `Error`s, survive a JSON round trip through their own schema and set the exit code of a process
 * that ends with them.
 *
 * @example
 * class ToolNotFound extends defineError<ToolNotFound>()("ToolNotFound", {
 *   code: "TOOL_NOT_FOUND",
 *   status: statuses.notFound,
 *   fields: { toolName: Schema.String },
 *   message: ({ toolName }) => `There is no tool "${toolName}".`
 * }) {}
 */
export const defineError =
  <Self = never>() =>
  <const Tag extends string, const Fields extends Schema.Struct.Fields>(
    tag: Tag,
    options: ErrorOptions<Fields>
  ): DefinedError<Self, Tag, Fields> => {
    const retryable = options.retryable ?? false
    const contract: ContractFields = {
      retryable: Schema.Boolean.pipe(Schema.withConstructorDefault(Effect.succeed(retryable))),
      // Not `optionalKey`: where there is no hint, the getter below still has the key.
      hint: Schema.optional(Schema.String),
      retryAfter: Schema.optionalKey(Schema.DurationFromMillis),
      cause: Schema.optionalKey(Schema.Defect())
    }
    const Base = Schema.TaggedError<SignalboxError>()(tag, { ...options.fields, ...contract })
    const definition: ErrorDefinition = { tag, code: options.code, status: options.status, retryable }
    Object.defineProperties(Base.prototype, {
      [TypeId]: { value: TypeId },
      [Runtime.errorExitCode]: { value: options.status.exit },
      code: { value: options.code },
      status: { value: options.status },
      message: {
        get(this: Schema.Struct.Type<Fields>) {
          return options.message(this)
        }
      },
      hint: {
        get(this: Schema.Struct.Type<Fields>) {
          return options.hint?.(this)
        },
        // An instance that brings its own hint gets it as a property of its own.
        set(this: object, value: unknown) {
          Object.defineProperty(this, "hint", { value, enumerable: true, configurable: true, writable: true })
        }
      }
    })
    Object.defineProperty(Base, "definition", { value: definition })
    // The properties promised by the type were defined just above, where the compiler cannot see them.
    return Base as unknown as DefinedError<Self, Tag, Fields>
  }

/** Whether a value is an instance of a class made by `defineError`, from whichever package. */
export const isSignalboxError = (value: unknown): value is SignalboxError => Predicate.hasProperty(value, TypeId)
