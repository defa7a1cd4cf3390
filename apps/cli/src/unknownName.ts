/**
 * Why a tool or prompt was not found, in the words of who asked for it: the names that were typed, not the qualified
 * one that they make together.
 */
import { nearestName } from "@signalbox/model"

/** What is offered: under which name, by whom. */
export interface OfferedName {
  readonly serverName: string
  readonly name: string
}

/** The part of the error that depends on what was typed. */
export const explainUnknown = (
  wanted: { readonly server: string | undefined; readonly name: string },
  offered: ReadonlyArray<OfferedName>
) => {
  const { name, server } = wanted
  if (server === undefined) {
    const sharedBy = [...new Set(offered.filter((each) => each.name === name).map(({ serverName }) => serverName))]
    return sharedBy.length > 1 ? { sharedBy } : undefined
  }
  const available = offered.filter(({ serverName }) => serverName === server).map(({ name }) => name)
  return { serverName: server, available, nearest: nearestName(name, available) }
}
