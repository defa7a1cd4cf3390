/**
 * Failures of looking up prompts and resources. What a server says about one of them are the errors of
 * `@signalbox/mcp`, passed on unchanged.
 */
import { defineError, statuses } from "@signalbox/errors"
import { Schema } from "effect"

const serverNames = Schema.Array(Schema.String)

const didYouMean = (nearest: string | undefined) => (nearest === undefined ? "" : ` Did you mean "${nearest}"?`)

const shortest = (names: ReadonlyArray<string>): string =>
  `${names.slice(0, 20).join(", ")}${names.length > 20 ? `, and ${names.length - 20} more` : ""}`

/**
 * No server that was looked at has a prompt of this name. `serverName` and `sharedBy` as in `ToolNotFound`: the server
 * that the caller named, and those that each have one of this name.
 */
export class PromptNotFound extends defineError<PromptNotFound>()("PromptNotFound", {
  code: "PROMPT_NOT_FOUND",
  status: statuses.notFound,
  fields: {
    promptName: Schema.String,
    nearest: Schema.UndefinedOr(Schema.String),
    available: Schema.Array(Schema.String),
    /** The servers whose prompts were known. */
    serverNames,
    serverName: Schema.optionalKey(Schema.String),
    sharedBy: Schema.optionalKey(serverNames)
  },
  message: ({ available, nearest, promptName, serverName, sharedBy }) => {
    if (sharedBy !== undefined) return `Several servers have the prompt "${promptName}": ${sharedBy.join(", ")}.`
    const missing =
      serverName === undefined
        ? `There is no prompt "${promptName}".`
        : `Server "${serverName}" has no prompt "${promptName}".`
    const known = available.length === 0 ? "No prompts are available." : `Available: ${shortest(available)}.`
    return `${missing}${didYouMean(nearest)} ${known}`
  },
  hint: ({ promptName, serverName, sharedBy }) =>
    sharedBy?.[0] === undefined
      ? `See which there are: signalbox prompts list${serverName === undefined ? "" : ` --server ${serverName}`}`
      : `Say which: signalbox prompts get ${sharedBy[0]} ${promptName}`
}) {}

/** A prompt was asked for without arguments that it needs. Nothing was sent. */
export class PromptArgumentsMissing extends defineError<PromptArgumentsMissing>()("PromptArgumentsMissing", {
  code: "PROMPT_ARGUMENTS_MISSING",
  status: statuses.invalidParams,
  fields: { serverName: Schema.String, promptName: Schema.String, missing: Schema.Array(Schema.String) },
  message: ({ missing, promptName, serverName }) =>
    `Prompt "${promptName}" of server "${serverName}" needs ${missing.length === 1 ? "the argument" : "the arguments"} ${missing.join(", ")}.`,
  hint: ({ missing }) => `Give ${missing.map((name) => `${name}=…`).join(" ")}`
}) {}

/** No server that was looked at has a resource of this address, nor a template that it fits. */
export class ResourceNotFound extends defineError<ResourceNotFound>()("ResourceNotFound", {
  code: "RESOURCE_NOT_FOUND",
  status: statuses.notFound,
  fields: {
    uri: Schema.String,
    nearest: Schema.UndefinedOr(Schema.String),
    /** The servers whose resources were known. */
    serverNames
  },
  message: ({ nearest, serverNames, uri }) =>
    `There is no resource "${uri}".${didYouMean(nearest)} ${
      serverNames.length === 0 ? "No server has listed any." : `Looked at: ${shortest(serverNames)}.`
    }`,
  hint: () => "See which there are: signalbox resources list. One that is not listed is read by server and address."
}) {}

/** Several servers have a resource of this address, and which one is meant was not said. */
export class ResourceAmbiguous extends defineError<ResourceAmbiguous>()("ResourceAmbiguous", {
  code: "RESOURCE_AMBIGUOUS",
  status: statuses.invalidParams,
  fields: { uri: Schema.String, serverNames },
  message: ({ serverNames, uri }) => `Several servers have the resource "${uri}": ${serverNames.join(", ")}.`,
  hint: ({ serverNames, uri }) => `Say which: ${serverNames[0] ?? "server"}::${uri}`
}) {}

/** Every error class of this folder, for the table of codes. */
export const offerErrors = [PromptArgumentsMissing, PromptNotFound, ResourceAmbiguous, ResourceNotFound] as const
