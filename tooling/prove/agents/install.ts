/**
 * Agents from npm, in a cache folder of the user: several hundred megabytes each, and nobody who works on this repository
 * has to have them. Programs for this machine are packages too; no script of a package is run, so nothing else is fetched.
 */
import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdir, rm, symlink, writeFile } from "node:fs/promises"
import { homedir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import type { Agent } from "./Agent.ts"

/** An agent that can be started by its name from this folder, or the reason why not. */
export type Installed = { readonly folder: string } | { readonly reason: string }

const cacheRoot = (): string =>
  join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "signalbox-coding-agents")

const firstLine = (text: string): string => text.split("\n").find((line) => line.trim() !== "") ?? text

const programOf = (folder: string, { programs }: Agent): string | undefined =>
  programs.map((program) => join(folder, "node_modules", program)).find((file) => existsSync(file))

const fetchPackage = async (folder: string, { packageName, version }: Agent): Promise<void> => {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true }))
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--save-exact"]
  // The scripts of this repository run with its own Node; npm is the machine's.
  await promisify(execFile)("npm", ["install", ...flags, `${packageName}@${version}`], { cwd: folder })
}

/** Installs it, once for each version. */
export const installAgent = async (agent: Agent): Promise<Installed> => {
  if (process.platform !== "linux") return { reason: "only tried on Linux, where processes can be looked at" }
  const folder = join(cacheRoot(), `${agent.name}-${agent.version}`)
  const bin = join(folder, "bin")
  try {
    if (!existsSync(join(bin, agent.name))) {
      await fetchPackage(folder, agent)
      const program = programOf(folder, agent)
      if (program === undefined) return { reason: `its package has no program for ${process.arch}` }
      await mkdir(bin)
      await symlink(program, join(bin, agent.name))
    }
    await promisify(execFile)(join(bin, agent.name), ["--version"], { env: { HOME: folder }, timeout: 60_000 })
    return { folder: bin }
  } catch (cause) {
    return { reason: firstLine(String(cause instanceof Error ? cause.message : cause)) }
  }
}
