/**
 * The tools of all servers as they are at this moment, as one toolbox: named over all of them, and each call sent to
 * its server. A name that is not known yet may belong to a server that is still coming.
 */
import type { SignalboxError } from "@signalbox/errors"
import {
  type CallContext,
  type NamingPolicy,
  nearestName,
  type Toolbox,
  ToolNotFound,
  type ToolResult
} from "@signalbox/model"
import { Clock, DateTime, Deferred, Effect } from "effect"
import { buildCatalogue, type Catalogue, emptyCatalogue, findRoute, type Route } from "./Catalogue.ts"
import { ServerNotFound } from "./errors.ts"
import type { Slot } from "./ServerSlots.ts"

export interface LiveToolbox {
  /** Answers with the same list until something changes. */
  readonly toolbox: Toolbox["Service"]
  /** Looks at the lists of all servers again. Runs after whatever may have changed one of them, or which there are. */
  readonly refresh: Effect.Effect<void>
  /** Waits as long as it is so, looking again at each refresh. */
  readonly waitWhile: (isPending: () => boolean) => Effect.Effect<void>
}

/** The toolbox of the servers that there are. */
export const makeLiveToolbox = (
  slots: () => ReadonlyArray<Slot>,
  naming: NamingPolicy,
  isHidden: (serverName: string) => boolean
): LiveToolbox => {
  let catalogue = emptyCatalogue
  let seen: ReadonlyArray<unknown> = []
  let changed = Deferred.makeUnsafe<void>()
  const reportClashes = makeClashReport(naming)
  const listed = makeListing(slots, isHidden)
  const isSomeSettling = () => slots().some(({ supervisor }) => supervisor.isSettling())

  const rebuild = () => {
    const servers = slots().map(({ supervisor }) => ({ managed: supervisor.managed, tools: supervisor.tools() }))
    const now = servers.flatMap(({ managed, tools }) => [managed, tools])
    if (now.length === seen.length && now.every((part, index) => part === seen[index])) return
    seen = now
    catalogue = buildCatalogue(
      servers.map(({ managed, tools }) => ({ managed, tools: tools ?? [] })),
      naming
    )
  }
  const refresh = Effect.suspend(() => {
    rebuild()
    // Once, when all are there: while servers come in one by one each of them would be news.
    const report = isSomeSettling() ? Effect.void : reportClashes(catalogue.clashes)
    return Effect.map(report, () => {
      const waiting = changed
      changed = Deferred.makeUnsafe()
      Deferred.doneUnsafe(waiting, Effect.void)
    })
  })
  const waitWhile = (isPending: () => boolean): Effect.Effect<void> =>
    Effect.suspend(() => (isPending() ? Effect.andThen(Deferred.await(changed), waitWhile(isPending)) : Effect.void))

  /** Waits for a name that is not known yet: for its server, where it names one, else while servers come in. */
  const arrival = (name: string, context: CallContext): Effect.Effect<void, SignalboxError> => {
    const deadline = context.deadline === undefined ? undefined : DateTime.toEpochMillis(context.deadline)
    const named = slots()
      .map(({ supervisor }) => supervisor)
      .filter(({ managed }) => name.startsWith(`${managed.server.name}__`))
      .toSorted((a, b) => b.managed.server.name.length - a.managed.server.name.length)[0]
    if (named !== undefined) return named.hasListed() ? Effect.void : Effect.asVoid(named.session(deadline))
    const wait = waitWhile(() => findRoute(catalogue, name) === undefined && isSomeSettling())
    if (deadline === undefined) return wait
    return Effect.flatMap(Clock.currentTimeMillis, (now) =>
      Effect.asVoid(Effect.timeoutOption(wait, Math.max(0, deadline - now)))
    )
  }
  const lateRoute = Effect.fnUntraced(function* (name: string, context: CallContext) {
    yield* arrival(name, context)
    const route = findRoute(catalogue, name)
    if (route !== undefined) return route
    const available = [...catalogue.shown.keys()]
    const nearest = nearestName(name, available)
    return yield* new ToolNotFound({ toolName: name, available, ...(nearest === undefined ? {} : { nearest }) })
  })
  const callsOf = (serverName: string) =>
    slots().find(({ supervisor }) => supervisor.managed.server.name === serverName)?.calls
  const gone = (serverName: string) =>
    new ServerNotFound({
      serverName,
      nearest: undefined,
      available: slots().map(({ supervisor }) => supervisor.managed.server.name)
    })

  return {
    toolbox: {
      list: Effect.sync(() => listed(catalogue)),
      inventory: Effect.sync(() => ({ listed: listed(catalogue), all: catalogue.listed })),
      arrival: (name, context) => Effect.suspend(() => arrival(name, context)),
      call: (name, input, context) =>
        Effect.suspend(() => {
          const dispatch = (route: Route): Effect.Effect<ToolResult, SignalboxError> => {
            const calls = callsOf(route.serverName)
            if (calls === undefined) return Effect.fail(gone(route.serverName))
            return Effect.catchTag(calls.call(route, input, context), "ServerUnavailable", (error) =>
              // Another connection has taken its place while the call waited, and nothing was sent.
              callsOf(route.serverName) === calls ? Effect.fail(error) : dispatch(route)
            )
          }
          const route = findRoute(catalogue, name)
          return route === undefined ? Effect.flatMap(lateRoute(name, context), dispatch) : dispatch(route)
        })
    },
    refresh,
    waitWhile
  }
}

/** What is hidden leaves the list but keeps its name, so that nothing else is called otherwise meanwhile. */
const makeListing = (slots: () => ReadonlyArray<Slot>, isHidden: (serverName: string) => boolean) => {
  let last: { readonly all: Catalogue["listed"]; readonly hidden: string; readonly listed: Catalogue["listed"] } = {
    all: [],
    hidden: "",
    listed: []
  }
  return ({ listed: all }: Catalogue): Catalogue["listed"] => {
    const names = slots().flatMap(({ managed: { server } }) => (isHidden(server.name) ? [server.name] : []))
    if (names.length === 0) return all
    const hidden = names.join("\0")
    if (last.all !== all || last.hidden !== hidden) {
      const listed = all.filter(({ runBy }) => runBy._tag !== "Host" || !names.includes(runBy.source))
      last = { all, hidden, listed }
    }
    return last.listed
  }
}

/** Tells of each clash once. */
const makeClashReport = (naming: NamingPolicy) => {
  const told = new Set<string>()
  const isTold = (name: string, source: string) => told.has(`${source}\0${name}`)
  return (clashes: Catalogue["clashes"]): Effect.Effect<void> => {
    const news = clashes.filter(({ name, sources }) => sources.some((source) => !isTold(name, source)))
    for (const { name, sources } of news) for (const source of sources) told.add(`${source}\0${name}`)
    if (news.length === 0) return Effect.void
    const text = describeClashes(news, naming)
    // With prefixes every tool can be called, so nothing is wrong; the other policies hide some.
    return naming === "prefix" ? Effect.logInfo(text) : Effect.logWarning(text)
  }
}

/** Clashes that the log names; the list of tools shows them all. */
const namedClashes = 3

const describeClashes = (clashes: Catalogue["clashes"], naming: NamingPolicy): string => {
  const outcome = {
    prefix: "each is called <server>__<tool>",
    first: "the first server keeps the name",
    error: "none of them is listed"
  }[naming]
  const shown = clashes.slice(0, namedClashes).map(({ name, sources }) => `${name} (${sources.join(", ")})`)
  const more = clashes.length > shown.length ? `, and ${clashes.length - shown.length} more` : ""
  return `Tool names that several servers use; ${outcome}: ${shown.join(", ")}${more}.`
}
