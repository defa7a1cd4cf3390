/**
 * What is started for a file that a runtime runs, and for a version of a runtime that a version manager provides.
 * Pure: whether the programs are here is looked at when the server starts.
 */

/** Programs that run a file of somebody's own. */
export const runtimes = ["python", "node", "bun", "deno"] as const
export type Runtime = (typeof runtimes)[number]

/** Programs that bring a runtime in a version of one's choice, and which. */
export const runnerRuntimes = {
  uv: ["python"],
  fnm: ["node"],
  mise: ["python", "node", "bun", "deno"],
  volta: ["node"]
} as const satisfies Readonly<Record<string, ReadonlyArray<Runtime>>>
export type Runner = keyof typeof runnerRuntimes

/** A runner, and what it is to provide. */
export interface RunnerChoice {
  readonly name: Runner
  readonly runtime: Runtime
  /** `20`, `3.11` or `20.11.1`: a runner provides one version, not a range. */
  readonly version: string
}

type Words = readonly [command: string, ...args: ReadonlyArray<string>]

/** Whether a text is a version that a runner can provide. */
export const isOneVersion = (text: string): boolean => /^\d+(\.\d+){0,2}$/.test(text)

/** The name under which a runtime is found without a runner. Windows has no `python3` of its own, others no `python`. */
export const runtimeProgram = (runtime: Runtime, isWindows: boolean): string =>
  runtime === "python" && !isWindows ? "python3" : runtime

/** A file, run by a program; `runtimeArgs` are for the program. Deno takes its own after a word. */
export const fileCommand = (
  program: string,
  runtime: Runtime,
  runtimeArgs: ReadonlyArray<string>,
  file: string
): Words => [program, ...(runtime === "deno" || runtime === "bun" ? ["run"] : []), ...runtimeArgs, file]

/** The same words with a runner before them. */
export const withRunner = ({ name, runtime, version }: RunnerChoice, words: Words): Words => {
  switch (name) {
    case "uv": {
      // A script alone may say in its head what it is made of, and uv brings that.
      const [program, file = "", ...args] = words
      const isScript = program === "python" && file.endsWith(".py")
      return ["uv", "run", "--python", version, ...(isScript ? [file, ...args] : words)]
    }
    case "fnm":
      return ["fnm", "exec", `--using=${version}`, ...words]
    case "mise":
      return ["mise", "exec", `${runtime}@${version}`, "--", ...words]
    case "volta":
      return ["volta", "run", "--node", version, ...words]
  }
}
