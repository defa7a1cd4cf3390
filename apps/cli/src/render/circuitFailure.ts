import type { CircuitNumbers } from "@signalbox/orchestrator"
import { printable } from "./style.ts"

/** The last failure that a circuit has counted, in words. */
export const circuitFailure = ({ last_failure: last }: Pick<CircuitNumbers, "last_failure">): string | undefined =>
  last === null ? undefined : `${last.code === null ? "" : `${last.code}: `}${printable(last.message)}`
