/** Runs proofs as the command does, small, and with parts that a test replaces. */
import type { Connector } from "@signalbox/orchestrator"
import type { McpClient } from "@signalbox/mcp"
import { Effect } from "effect"
import { type Parts, type Proof, type ProofResult, realParts } from "../Proof.ts"
import { prove } from "../prove.ts"

/** A run of little more than nothing. */
export const runOf = (proof: Proof, parts: Partial<Parts> = {}, scale = 0.001): Promise<ProofResult> =>
  prove(proof, { scale, seed: 1, say: () => {}, parts: { ...realParts, ...parts } })

/** The claims that did not hold. */
export const failed = ({ claims }: ProofResult): ReadonlyArray<string> =>
  claims.filter(({ holds }) => !holds).map(({ name }) => name)

/** The same without claims about time: tests run on machines that are busy with something else. */
export const failedUntimed = ({ claims }: ProofResult): ReadonlyArray<string> =>
  claims.filter(({ holds, isTimed }) => !holds && !isTimed).map(({ name }) => name)

/** Connections whose clients are changed. */
export const withClients =
  (change: (client: McpClient) => McpClient): Parts["connector"] =>
  (real: Connector["Service"]) => ({
    connect: (server, onLoaded) => Effect.map(real.connect(server, onLoaded), change)
  })
