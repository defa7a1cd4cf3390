/**
 * Whether a command fetches a package before it runs it: `npx`, `uvx`, `docker run` and their kin. The first run may
 * take minutes, and many at once load the network and the disk, so they are started in a lane of their own.
 */
import type { StdioOptions } from "@signalbox/mcp"

/** Programs that always do, and those that do with one of these first words. */
const runners: ReadonlyMap<string, ReadonlyArray<string> | undefined> = new Map([
  ["npx", undefined],
  ["pnpx", undefined],
  ["bunx", undefined],
  ["uvx", undefined],
  ["npm", ["exec", "x"]],
  ["pnpm", ["dlx"]],
  ["yarn", ["dlx"]],
  ["bun", ["x"]],
  ["uv", ["run", "tool"]],
  ["pipx", ["run"]],
  ["mise", ["exec", "x"]],
  ["volta", ["run"]],
  ["deno", ["run"]],
  ["go", ["run"]],
  ["docker", ["run"]],
  ["podman", ["run"]]
])

/** The name of a program without its folder and the suffix that Windows gives it. */
const nameOf = (command: string): string =>
  (command.split(/[\\/]/).at(-1) ?? "").toLowerCase().replace(/\.(cmd|exe|bat|ps1)$/, "")

/** Whether a command is such a program. */
export const isPackageRunner = ({ args, command }: Pick<StdioOptions, "command" | "args">): boolean => {
  const name = nameOf(command)
  const words = runners.get(name)
  if (words === undefined) return runners.has(name)
  const first = args.find((argument) => !argument.startsWith("-"))
  return first !== undefined && words.includes(first)
}
