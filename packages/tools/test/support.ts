/**
 * Tools over a real folder, made anew for each test: real files, real processes, real connections on loopback.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { type CallContext, type JsonObject, localCall, resultText, type ToolResult } from "@signalbox/model"
import { BuiltInTools, toolNames, type ToolsOptions, toolsDefaults, WebAccess } from "@signalbox/tools"
import { layerDirectFiles, layerWebAccess } from "@signalbox/tools/node"
import { Effect, Layer, type Scope } from "effect"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

/** All that the tools need, from Node. */
export const node = Layer.mergeAll(NodeServices.layer, layerDirectFiles, layerWebAccess)

/** What a test changes of the options. */
export type Changes = (options: ToolsOptions) => ToolsOptions

/** A folder that is gone after the test, with the tools over its part `work`. */
export const makeBench = (
  change: Changes = (options) => options,
  web?: WebAccess["Service"]
): Effect.Effect<Bench, never, Scope.Scope> =>
  Effect.gen(function* () {
    const home = yield* Effect.acquireRelease(
      Effect.sync(() => realpathSync(mkdtempSync(join(tmpdir(), "tools-")))),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
    )
    const work = join(home, "work")
    mkdirSync(work)
    const options = change({
      ...toolsDefaults({ cwd: work, stateFolder: join(home, "state") }),
      enabled: toolNames
    })
    const tools = yield* Effect.orDie(BuiltInTools.make(options)).pipe(
      web === undefined ? (made) => made : Effect.provideService(WebAccess, web)
    )
    const { toolbox } = tools
    const call = (name: string, input: JsonObject, context: Partial<CallContext> = {}) =>
      toolbox.call(name, input, localCall(context))
    return {
      home,
      work,
      options,
      tools,
      call,
      write: (name: string, content: string | Uint8Array) => {
        const file = join(work, name)
        mkdirSync(dirname(file), { recursive: true })
        writeFileSync(file, content)
        return file
      },
      text: (name: string, input: JsonObject, context: Partial<CallContext> = {}) =>
        Effect.map(Effect.orDie(call(name, input, context)), resultText)
    }
  }).pipe(Effect.provide(node))

/** What a test works with. */
export interface Bench {
  readonly home: string
  readonly work: string
  readonly options: ToolsOptions
  readonly tools: BuiltInTools["Service"]
  readonly call: (
    name: string,
    input: JsonObject,
    context?: Partial<CallContext>
  ) => ReturnType<BuiltInTools["Service"]["toolbox"]["call"]>
  readonly write: (name: string, content: string | Uint8Array) => string
  readonly text: (name: string, input: JsonObject, context?: Partial<CallContext>) => Effect.Effect<string>
}

/** The code of the failure of a call. */
export const failureOf = <A>(call: Effect.Effect<A, { readonly code: string }>): Effect.Effect<string> =>
  Effect.match(call, { onFailure: ({ code }) => code, onSuccess: () => "ok" })

/** The code of the error that a result tells of. */
export const codeOf = ({ content, isError }: ToolResult): string => {
  const [block] = content
  const text = block?.type === "text" ? block.text : ""
  return isError ? (/^Error: ([A-Z_]+): /.exec(text)?.[1] ?? text) : "ok"
}

/** The processes that carry a mark in their environment. */
export const marked = (mark: string): ReadonlyArray<string> =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark)
      } catch {
        // Gone by now.
        return false
      }
    })

/** Waits until it is true; that it ever will be is what the test is about. */
export const until = (isSo: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() =>
    isSo()
      ? Effect.void
      : Effect.andThen(
          Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 5))),
          until(isSo)
        )
  )
