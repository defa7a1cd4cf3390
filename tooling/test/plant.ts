/**
 * A small project in a folder of its own, with faults planted in it, and the gates of this one run over it.
 */
import { execFile } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"

const root = join(import.meta.dirname, "../..")
const bin = join(root, "node_modules/.bin")

/** What a gate answered. */
export interface Verdict {
  readonly code: number
  readonly text: string
}

/** The planted project. */
export interface Plant extends Disposable {
  readonly write: (files: Readonly<Record<string, string>>) => void
  /** A package with its manifest, its tier, and an index. */
  readonly writePackage: (name: string, tier: string, index: string, manifest?: object) => void
  /** Makes modules of this repository, named by their folders, those of the plant. */
  readonly link: (modules: ReadonlyArray<string>) => void
  /** `houseRules` or `docstrings`, over this project. */
  readonly script: (name: "houseRules" | "docstrings") => Promise<Verdict>
  /** A program of this repository, run in the folder of the plant. */
  readonly run: (program: "oxlint" | "turbo" | "effect-tsgo", ...args: ReadonlyArray<string>) => Promise<Verdict>
}

export const plant = async (): Promise<Plant> => {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-gates-"))
  const env = { ...process.env, PATH: `${bin}:${process.env["PATH"]}`, TURBO_TELEMETRY_DISABLED: "1", NO_COLOR: "1" }
  const execute = (command: string, args: ReadonlyArray<string>) =>
    new Promise<Verdict>((resolve) => {
      execFile(command, args, { cwd: folder, env, encoding: "utf8" }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), text: stdout + stderr })
      )
    })
  const write: Plant["write"] = (files) => {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true })
      writeFileSync(join(folder, file), text)
    }
  }
  await execute("git", ["init", "--quiet"])
  for (const file of ["turbo.json", ".oxlintrc.json", "tsconfig.base.json"])
    cpSync(join(root, file), join(folder, file))
  write({
    "package.json": JSON.stringify({ name: "plant", private: true, type: "module", packageManager: "pnpm@12.21.0" }),
    "pnpm-workspace.yaml": "packages:\n  - packages/*\n",
    "pnpm-lock.yaml": "lockfileVersion: '9.0'\nimporters: {}\n",
    "tsconfig.json": JSON.stringify({
      extends: "./tsconfig.base.json",
      compilerOptions: { composite: false, incremental: false, declarationMap: false, noEmit: true, rootDir: "." },
      include: ["packages"]
    })
  })
  return {
    write,
    writePackage: (name, tier, index, manifest = {}) =>
      write({
        [`packages/${name}/package.json`]: JSON.stringify({
          name: `@plant/${name}`,
          version: "1.0.0",
          type: "module",
          exports: { ".": "./src/index.ts" },
          ...manifest
        }),
        [`packages/${name}/turbo.json`]: JSON.stringify({ extends: ["//"], tags: [tier] }),
        [`packages/${name}/src/index.ts`]: index
      }),
    link: (modules) => {
      mkdirSync(join(folder, "node_modules"), { recursive: true })
      for (const module of modules) symlinkSync(join(root, module), join(folder, "node_modules", basename(module)))
    },
    script: (name) => execute(process.execPath, [join(root, "tooling", `${name}.mjs`), folder]),
    run: (program, ...args) => execute(join(bin, program), args),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true })
  }
}
