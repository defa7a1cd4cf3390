/**
 * Failures of finding, serving and reaching the host that runs a configuration.
 */
import { defineError, exitCodes, statuses } from "@signalbox/errors"
import { Schema } from "effect"
import { HostFailure } from "./HostFailure.ts"

const configFile = Schema.String

/** The folder for sockets cannot be used, or cannot be trusted: whoever owns it could put a host of theirs there. */
export class ControlDirectoryUnusable extends defineError<ControlDirectoryUnusable>()("ControlDirectoryUnusable", {
  code: "CONTROL_DIRECTORY_UNUSABLE",
  status: statuses.configuration,
  fields: { directory: Schema.String, reason: Schema.String },
  message: ({ directory, reason }) => `The folder for control sockets, ${directory}, cannot be used: ${reason}.`,
  hint: ({ directory }) =>
    `Remove ${directory} or make it yours with mode 0700, or set XDG_RUNTIME_DIR to a short path that only you can use.`
}) {}

/** Another process runs this configuration already. */
export class HostAlreadyRunning extends defineError<HostAlreadyRunning>()("HostAlreadyRunning", {
  code: "HOST_ALREADY_RUNNING",
  status: statuses.unavailable,
  fields: {
    configFile,
    pid: Schema.Int,
    recordFile: Schema.String,
    /** That of its record: a `servers` host ends with the last of its servers. */
    kind: Schema.Literals(["serve", "servers"])
  },
  message: ({ configFile, pid }) => `${configFile} is already served by process ${pid}.`,
  hint: ({ kind, pid }) =>
    `See what it runs: signalbox servers status. End it: ${kind === "servers" ? "signalbox servers stop --all" : `kill ${pid}`}. A second one beside it: signalbox serve --no-control.`
}) {}

/** A command needs a running host, and this configuration has none. */
export class NoRunningHost extends defineError<NoRunningHost>()("NoRunningHost", {
  code: "NO_RUNNING_HOST",
  status: statuses.unavailable,
  fields: { configFile },
  message: ({ configFile }) => `Nothing runs ${configFile}.`,
  hint: () => "Start it: signalbox serve, or in the background: signalbox servers start --detach"
}) {}

/** The process of the host lives, but nobody answers at its socket. */
export class HostNotAnswering extends defineError<HostNotAnswering>()("HostNotAnswering", {
  code: "HOST_NOT_ANSWERING",
  status: statuses.unavailable,
  retryable: true,
  fields: { pid: Schema.Int, socket: Schema.String, reason: Schema.String },
  message: ({ pid, reason, socket }) => `Process ${pid} does not answer at ${socket}: ${reason}.`,
  hint: ({ pid }) => `It may be starting or ending; try again. If it hangs, end it: kill ${pid}`
}) {}

/** What was asked is none of the requests that the control API knows. */
export class InvalidControlRequest extends defineError<InvalidControlRequest>()("InvalidControlRequest", {
  code: "INVALID_CONTROL_REQUEST",
  status: { ...statuses.invalidParams, exit: exitCodes.usage },
  fields: { path: Schema.String, reason: Schema.String },
  message: ({ path, reason }) => (path === "" ? `The request is wrong: ${reason}.` : `${path} is wrong: ${reason}.`)
}) {}

/** There is no pool of this name. A server has one while it is connected to. */
export class PoolNotFound extends defineError<PoolNotFound>()("PoolNotFound", {
  code: "POOL_NOT_FOUND",
  status: statuses.notFound,
  fields: { pool: Schema.String, available: Schema.Array(Schema.String) },
  message: ({ available, pool }) =>
    `There is no pool "${pool}". ${available.length === 0 ? "No pool is in use." : `In use: ${available.join(", ")}.`}`,
  hint: () => "See which there are: signalbox pool status"
}) {}

/** Every error class of the control API, for tables. */
export const controlErrors = [
  ControlDirectoryUnusable,
  HostAlreadyRunning,
  NoRunningHost,
  HostNotAnswering,
  InvalidControlRequest,
  PoolNotFound,
  HostFailure
] as const
