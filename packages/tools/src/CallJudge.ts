/**
 * What the policies say of a call of a built-in tool, without making it: for a look at what a change of them would do. Paths
 * are looked at as they are now, names of the web are not looked up, and arguments are not checked.
 */
import type { JsonObject } from "@signalbox/model"
import { Effect, Path } from "effect"
import { makeCommandPolicy } from "./bash/CommandPolicy.ts"
import type { DirectFiles } from "./paths/DirectFiles.ts"
import { makePathPolicy, type PathUse } from "./paths/PathPolicy.ts"
import type { ToolRootMissing } from "./errors.ts"
import type { BuiltInName, ToolsOptions } from "./ToolsOptions.ts"
import { makeUrlPolicy } from "./web/UrlPolicy.ts"
import { WebAccess } from "./web/WebAccess.ts"

/** What would become of a call: run, left to a person, or refused. */
export type CallVerdict =
  | { readonly verdict: "allow" }
  | { readonly verdict: "ask" | "refuse"; readonly reason: string }

/** Judges calls of one set of options. Which tools are enabled does not matter here. */
export interface CallJudge {
  readonly judge: (tool: BuiltInName, input: JsonObject) => Effect.Effect<CallVerdict>
}

const allow: CallVerdict = { verdict: "allow" }

/** What tools do with the path among their arguments; the others have none. */
const pathUses: Readonly<Partial<Record<BuiltInName, PathUse>>> = {
  Read: "read",
  Glob: "read",
  Grep: "read",
  LS: "read",
  NotebookRead: "read",
  Write: "write",
  Edit: "write",
  MultiEdit: "write",
  NotebookEdit: "write"
}

const pathNames = ["file_path", "notebook_path", "path", "directory"]

const textOf = (input: JsonObject, names: ReadonlyArray<string>): string | undefined => {
  const found = names.map((name) => input[name])
  return found.find((value) => typeof value === "string")
}

/** The policies of these options. Fails where one of their folders is not there. */
export const makeCallJudge = Effect.fn("makeCallJudge")(function* (
  options: Pick<ToolsOptions, "commands" | "paths" | "urls">
): Effect.fn.Return<CallJudge, ToolRootMissing, DirectFiles | Path.Path | WebAccess> {
  const { commands, urls } = options
  const paths = yield* makePathPolicy(options.paths)
  const scripts = makeCommandPolicy(commands, paths, yield* Path.Path)
  const addresses = makeUrlPolicy(urls, yield* WebAccess)

  const judgePath = (given: string, use: PathUse) =>
    Effect.match(paths.decide(given, use), {
      onFailure: ({ reason }): CallVerdict => ({ verdict: "refuse", reason }),
      onSuccess: () => allow
    })
  const judgeScript = (script: string) =>
    Effect.map(scripts.judge(script), (verdict): CallVerdict => {
      if (verdict.verdict === "allow") return allow
      const isRefused = verdict.verdict === "deny" || commands.undecided === "refuse"
      return { verdict: isRefused ? "refuse" : "ask", reason: verdict.reason }
    })

  return {
    judge: (tool, input) => {
      const use = pathUses[tool]
      if (use !== undefined) return judgePath(textOf(input, pathNames) ?? ".", use)
      if (tool === "Bash") {
        const script = textOf(input, ["command"])
        return script === undefined ? Effect.succeed(allow) : judgeScript(script)
      }
      const reason = tool === "WebFetch" ? addresses.objection(textOf(input, ["url"]) ?? "") : undefined
      return Effect.succeed(reason === undefined ? allow : { verdict: "refuse", reason })
    }
  }
})
