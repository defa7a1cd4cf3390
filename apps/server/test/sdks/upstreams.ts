/** One server for each API that an upstream can speak; all scenarios share it. */
import { startServer } from "../support.ts"

export const upstreams = ["claude", "chat", "responses"] as const
export type Upstream = (typeof upstreams)[number]

/** Few rounds, so that their limit is reached soon. */
export const maxHops = 3

export const startOver = (upstream: Upstream) =>
  startServer({
    provider: upstream === "claude" ? "claude" : "openai",
    mcp: { tools: "echo,add,sleep,fail,ask" },
    config: {
      "conversation.maxHops": maxHops,
      // The upstream is never left alone, however often it fails.
      "model.breaker.enabled": false,
      ...(upstream === "responses" ? { "providers.openai.api": "responses" } : {})
    }
  })

export type MatrixServer = Awaited<ReturnType<typeof startOver>>

/** A conversation without anything special. */
export const defaults = { tools: [], mustCall: false, thinks: false, isStructured: false }
