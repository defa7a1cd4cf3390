/**
 * The small file that says which process runs a configuration and where it is reached. A process id alone proves
 * nothing, since ids are used again: the record has the start of the process too, and one that does not fit is stale.
 */
import { OrphanSweep } from "@signalbox/orchestrator"
import { Effect, FileSystem, Option, type PlatformError, Schema } from "effect"
import { rmSync } from "node:fs"
import { checkDirectory, type ControlPlace, makeDirectory } from "./controlPlace.ts"
import { ControlDirectoryUnusable, HostAlreadyRunning } from "./errors.ts"

/** What runs a configuration, and where. Timestamps are UTC in ISO 8601. */
export const HostRecord = Schema.Struct({
  pid: Schema.Int,
  /** The process id with the start of the process, in a form of the system's own. */
  process: Schema.String,
  /** `serve` answers model clients too; `servers` runs servers and nothing else, and ends with the last of them. */
  kind: Schema.Literals(["serve", "servers"]),
  config_file: Schema.String,
  socket: Schema.String,
  /** Whether somebody answers at the socket yet. */
  ready: Schema.Boolean,
  /** Where model clients are answered, if they are. */
  url: Schema.NullOr(Schema.String),
  /** Where a host in the background logs. */
  log_file: Schema.NullOr(Schema.String),
  version: Schema.String,
  started_at: Schema.String
})
export interface HostRecord extends Schema.Schema.Type<typeof HostRecord> {}

const RecordText = Schema.fromJsonString(HostRecord)

/** Who a process is for as long as it lives; empty where it is gone, or where the system does not tell. */
const identityOf = (pid: number) =>
  OrphanSweep.pipe(
    Effect.flatMap((sweep) => sweep.ownerOf(pid)),
    Effect.map((identity) => identity ?? ""),
    Effect.provide(OrphanSweep.layer)
  )

/** Whether the process that wrote the record still lives. */
const isAlive = (record: HostRecord) => Effect.map(identityOf(record.pid), (now) => now === record.process)

/** What cannot be read says nothing. */
const readRecord = (file: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    return yield* Schema.decodeEffect(RecordText)(yield* fs.readFileString(file))
  }).pipe(Effect.option)

/** The record of the living host of a place. Fails when its folder cannot be trusted. */
export const findHost = Effect.fnUntraced(function* (place: ControlPlace) {
  if (!(yield* checkDirectory(place.directory))) return undefined
  const record = Option.getOrUndefined(yield* readRecord(place.recordFile))
  return record !== undefined && (yield* isAlive(record)) ? record : undefined
})

/** A place that this process has taken. */
export interface ClaimedPlace {
  readonly record: () => HostRecord
  /** Tells more in the record. */
  readonly tell: (more: Partial<HostRecord>) => Effect.Effect<void>
}

/** What a host says about itself. */
export type HostFacts = Pick<HostRecord, "kind" | "log_file" | "version" | "started_at">

/**
 * Takes a place for this process until the scope closes, and cleans away what a killed one has left there. Fails when a
 * living process has it. Of two at the same moment one gets it: the record is linked into its place, not written there.
 */
export const claimPlace = Effect.fnUntraced(function* (place: ControlPlace, facts: HostFacts) {
  const fs = yield* FileSystem.FileSystem
  yield* makeDirectory(place.directory)
  let record: HostRecord = {
    ...facts,
    pid: process.pid,
    process: yield* identityOf(process.pid),
    config_file: place.configFile,
    socket: place.socket,
    ready: false,
    url: null
  }
  const unusable = ({ message }: PlatformError.PlatformError) =>
    new ControlDirectoryUnusable({ directory: place.directory, reason: message })
  const draft = `${place.recordFile}.${process.pid}`
  const write = Effect.suspend(() => fs.writeFileString(draft, `${JSON.stringify(record)}\n`, { mode: 0o600 }))
  const link = fs.link(draft, place.recordFile).pipe(
    Effect.as(true),
    Effect.catchIf(
      ({ reason }) => reason._tag === "AlreadyExists",
      () => Effect.succeed(false)
    )
  )
  const removeStale = Effect.gen(function* () {
    const found = Option.getOrUndefined(yield* readRecord(place.recordFile))
    if (found !== undefined && (yield* isAlive(found))) {
      const { configFile, recordFile } = place
      return yield* new HostAlreadyRunning({ configFile, pid: found.pid, recordFile, kind: found.kind })
    }
    // Moved away first: another one that starts now may have put its own there since it was read.
    const aside = `${draft}.stale`
    const moved = yield* Effect.isSuccess(fs.rename(place.recordFile, aside))
    if (!moved) return
    const taken = Option.getOrUndefined(yield* readRecord(aside))
    yield* taken?.process === found?.process ? fs.remove(aside, { force: true }) : fs.rename(aside, place.recordFile)
  })
  const take = Effect.gen(function* () {
    yield* write
    while (!(yield* link)) yield* removeStale
    // A name that is free now: whoever is alive would have had the record.
    yield* fs.remove(place.socket, { force: true })
  }).pipe(
    Effect.ensuring(Effect.orDie(fs.remove(draft, { force: true }))),
    Effect.catchTag("PlatformError", (error) => Effect.fail(unusable(error)))
  )
  // A second signal ends the program at once; what has a name on the disk must go even then.
  const leave = () => {
    process.off("exit", leave)
    rmSync(place.socket, { force: true })
    rmSync(place.recordFile, { force: true })
  }
  yield* Effect.acquireRelease(take, () => Effect.sync(leave))
  process.on("exit", leave)
  return {
    record: () => record,
    tell: (more) =>
      Effect.suspend(() => {
        record = { ...record, ...more }
        return Effect.andThen(write, fs.rename(draft, place.recordFile))
      }).pipe(Effect.orDie)
  } satisfies ClaimedPlace
})
