/**
 * Which package manager brings a command that servers are often started with.
 */
import type { System } from "../config/import/ForeignFormat.ts"

interface Bringer {
  readonly what: string
  readonly linux: string
  readonly darwin: string
  readonly win32: string
}

const node: Bringer = {
  what: "Node.js",
  linux: "apt install nodejs npm",
  darwin: "brew install node",
  win32: "winget install OpenJS.NodeJS"
}

const uv: Bringer = {
  what: "uv",
  linux: "pipx install uv",
  darwin: "brew install uv",
  win32: "winget install astral-sh.uv"
}

const python: Bringer = {
  what: "Python",
  linux: "apt install python3",
  darwin: "brew install python",
  win32: "winget install Python.Python.3.13"
}

const bun: Bringer = {
  what: "Bun",
  linux: "npm install -g bun",
  darwin: "brew install oven-sh/bun/bun",
  win32: "winget install Oven-sh.Bun"
}

const bringers: ReadonlyMap<string, Bringer> = new Map([
  ["node", node],
  ["npm", node],
  ["npx", node],
  ["uv", uv],
  ["uvx", uv],
  ["python", python],
  ["python3", python],
  ["bun", bun],
  ["bunx", bun],
  [
    "pnpm",
    { what: "pnpm", linux: "npm install -g pnpm", darwin: "brew install pnpm", win32: "winget install pnpm.pnpm" }
  ],
  [
    "pipx",
    { what: "pipx", linux: "apt install pipx", darwin: "brew install pipx", win32: "python -m pip install pipx" }
  ],
  [
    "deno",
    { what: "Deno", linux: "npm install -g deno", darwin: "brew install deno", win32: "winget install DenoLand.Deno" }
  ],
  ["fnm", { what: "fnm", linux: "cargo install fnm", darwin: "brew install fnm", win32: "winget install Schniz.fnm" }],
  [
    "mise",
    { what: "mise", linux: "cargo install mise", darwin: "brew install mise", win32: "winget install jdx.mise" }
  ],
  [
    "volta",
    { what: "Volta", linux: "brew install volta", darwin: "brew install volta", win32: "winget install Volta.Volta" }
  ],
  [
    "docker",
    {
      what: "Docker",
      linux: "apt install docker.io",
      darwin: "brew install --cask docker",
      win32: "winget install Docker.DockerDesktop"
    }
  ],
  ["go", { what: "Go", linux: "apt install golang", darwin: "brew install go", win32: "winget install GoLang.Go" }]
])

/** What to do where a command is missing. */
export const howToInstall = (command: string, system: System): string => {
  const bringer = bringers.get(command)
  if (bringer === undefined) return `Install "${command}", or give its full path.`
  return `Install ${bringer.what}, for example with "${bringer[system]}", or give the full path of "${command}".`
}
