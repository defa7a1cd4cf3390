/**
 * Variables by which other gateways say what the models of Claude stand for. Claude Code reads two of them itself, for
 * the models that it asks for: only a text that names a provider of the configuration is meant for us.
 */
import { readScalar } from "./document.ts"
import type { FoundProblem } from "./layers.ts"
import type { Shorthand } from "./mcpVariables.ts"

type Environment = Readonly<Record<string, string | undefined>>

const namesProvider = (text: string, providers: ReadonlySet<string>): boolean =>
  text.includes("/") && providers.has(text.slice(0, text.indexOf("/")))

const [big, small] = [
  ["routing", "big"],
  ["routing", "small"]
] as const

/** The stronger of two for the same key comes after the other. */
export const modelVariables: ReadonlyArray<Shorthand> = [
  { variable: "ANTHROPIC_MODEL", path: big, read: readScalar, counts: namesProvider },
  { variable: "BIG_MODEL", path: big, read: readScalar },
  { variable: "ANTHROPIC_SMALL_FAST_MODEL", path: small, read: readScalar, counts: namesProvider },
  { variable: "SMALL_MODEL", path: small, read: readScalar }
]

/** Pairs that say different things of one key, where nothing stronger decides it. */
export const modelConflicts = (
  environment: Environment,
  providers: ReadonlySet<string>,
  ownOf: (path: FoundProblem["path"]) => string
): ReadonlyArray<FoundProblem> =>
  [big, small].flatMap((path) => {
    const said = modelVariables.filter(({ counts, path: of, variable }) => {
      const text = environment[variable] ?? ""
      return of === path && text !== "" && (counts?.(text, providers) ?? true)
    })
    const differ = new Set(said.map(({ variable }) => environment[variable])).size > 1
    if (!differ || (environment[ownOf(path)] ?? "") !== "") return []
    const words = said.map(({ variable }) => `${variable} is "${environment[variable]}"`).join(", and ")
    return [
      {
        path,
        message: `two variables say different things: ${words}`,
        suggestion: `set one of them, or ${ownOf(path)}`
      }
    ]
  })
