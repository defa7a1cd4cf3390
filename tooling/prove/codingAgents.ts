/**
 * Coding agents talk to `signalbox serve` as to the real thing: Claude Code, Codex and opencode from npm, unmodified. It fetches
 * some hundred megabytes, and so is no part of `all`. An agent that cannot be had here is left out, and the reason told.
 */
import { Effect, Exit } from "effect"
import { type Agent, agents } from "./agents/Agent.ts"
import { installAgent, type Installed } from "./agents/install.ts"
import { openLane, type UpstreamKind } from "./agents/lane.ts"
import { type Outside, startOutside } from "./agents/outside.ts"
import { scenarios } from "./agents/scenarios.ts"
import { atLeast, type Claim, none, type Proof, type ProofRun } from "./Proof.ts"
import { endLeftovers, markOf, newMark } from "./servers.ts"
import { noProcessLeft } from "./traces.ts"

const upstreams: ReadonlyArray<UpstreamKind> = ["messages", "chat"]

interface Tried {
  readonly agent: Agent
  readonly installed: Installed
}

const playAll = Effect.fnUntraced(function* (
  run: ProofRun,
  { agent, bin, outside, upstream }: { agent: Agent; bin: string; outside: Outside; upstream: UpstreamKind },
  mark: string
) {
  const environment = { ...outside.environment, ...markOf(mark) }
  const lane = yield* openLane({ agent, upstream, bin, environment })
  const claims: Array<Claim> = []
  for (const scenario of scenarios) {
    const from = performance.now()
    const against = yield* Effect.promise(() =>
      scenario.play(lane).catch((cause: unknown) => [`it broke: ${String(cause)}`])
    )
    const name = `${agent.name} over ${upstream}: ${scenario.name}`
    claims.push(none(name, against))
    const seconds = ((performance.now() - from) / 1000).toFixed(1)
    run.say(`${against.length === 0 ? "held  " : "FAILED"} ${name} (${seconds} s)`)
  }
  return claims
})

const tryAgent = Effect.fnUntraced(function* (run: ProofRun, agent: Agent, bin: string, outside: Outside) {
  const mark = newMark()
  yield* endLeftovers(mark)
  const claims: Array<Claim> = []
  for (const upstream of upstreams) {
    const before = outside.wanted.length
    const exit = yield* Effect.exit(Effect.scoped(playAll(run, { agent, bin, outside, upstream }, mark)))
    const wanted = [...new Set(outside.wanted.slice(before))].filter((place) => agent.asksFor?.includes(place) !== true)
    if (Exit.isSuccess(exit)) claims.push(...exit.value)
    else claims.push(none(`${agent.name} over ${upstream} could be tried`, [String(exit.cause)]))
    claims.push(none(`${agent.name} over ${upstream}: wanted nothing but loopback`, wanted))
  }
  const { name, ...left } = yield* noProcessLeft(mark)
  return [...claims, { name: `${agent.name}: ${name}`, ...left }]
})

const run = Effect.fnUntraced(function* (run: ProofRun) {
  const outside = yield* Effect.acquireDisposable(Effect.promise(startOutside))
  const tried: Array<Tried> = []
  const claims: Array<Claim> = []
  for (const agent of agents) {
    run.say(`installing ${agent.packageName}@${agent.version}`)
    const installed = yield* Effect.promise(() => installAgent(agent))
    tried.push({ agent, installed })
    if ("reason" in installed) run.say(`left out: ${agent.name}: ${installed.reason}`)
    else claims.push(...(yield* Effect.scoped(tryAgent(run, agent, installed.folder, outside))))
  }
  const missing = tried.flatMap(({ agent, installed }) =>
    "reason" in installed ? [`${agent.name}: ${installed.reason}`] : []
  )
  return {
    claims: [atLeast("agents that could be tried", agents.length - missing.length, 1, missing.join("; ")), ...claims],
    numbers: { agents: agents.length, "left out": missing.length, scenarios: scenarios.length },
    table: tried.map(({ agent: { name, packageName, version }, installed }) => [
      name,
      `${packageName}@${version}`,
      "reason" in installed ? `left out: ${installed.reason}` : "tried"
    ])
  }
})

/** Coding agents work over the served APIs. */
export const codingAgentsProof: Proof = {
  description: "Claude Code, Codex and opencode from npm over `signalbox serve`; fetches 900 MB, not in all",
  limitSeconds: 1500,
  isApart: true,
  run
}
