/**
 * Which resource an address means. A resource is known by its server and the server's own address, which is the only
 * one that is ever sent; `<server>::<uri>` is shown where two servers list the same address, and is always understood.
 */
import { nearestName } from "@signalbox/model"
import { ResourceAmbiguous, ResourceNotFound } from "./errors.ts"

/** A resource of a server, by the address that the server gave it. */
export interface ResourceAddress {
  readonly serverName: string
  /** As the server knows it. */
  readonly uri: string
}

const separator = "::"

/** The address that is understood whatever other servers list. */
const qualifiedUri = ({ serverName, uri }: ResourceAddress): string => `${serverName}${separator}${uri}`

/** Gives each the address that it is shown under. */
export const exposeUris = <A extends ResourceAddress>(
  resources: ReadonlyArray<A>
): ReadonlyArray<A & { readonly exposedUri: string }> => {
  const holders = Map.groupBy(resources, ({ uri }) => uri)
  return resources.map((resource) => ({
    ...resource,
    exposedUri: (holders.get(resource.uri)?.length ?? 0) > 1 ? qualifiedUri(resource) : resource.uri
  }))
}

/** What is known of the resources of all servers. */
export interface KnownResources {
  readonly resources: ReadonlyArray<ResourceAddress>
  readonly templates: ReadonlyArray<{ readonly serverName: string; readonly uriTemplate: string }>
}

/** The server that a qualified address names, and its own address there. */
export const readQualified = (address: string, serverNames: ReadonlyArray<string>): ResourceAddress | undefined => {
  const serverName = serverNames.find((name) => address.startsWith(`${name}${separator}`))
  if (serverName === undefined) return undefined
  return { serverName, uri: address.slice(serverName.length + separator.length) }
}

/** Which resource is meant: one that is listed, else one that fits a template; an error where that is no single one. */
export const findResource = (
  address: string,
  { resources, templates }: KnownResources
): ResourceAddress | ResourceAmbiguous | ResourceNotFound => {
  const listed = resources.filter(({ uri }) => uri === address)
  const holders = listed.length > 0 ? listed : templates.filter(({ uriTemplate }) => fits(address, uriTemplate))
  const serverNames = [...new Set(holders.map(({ serverName }) => serverName))]
  const [serverName] = serverNames
  if (serverNames.length > 1) return new ResourceAmbiguous({ uri: address, serverNames })
  if (serverName !== undefined) return { serverName, uri: address }
  return new ResourceNotFound({
    uri: address,
    nearest: nearestName(
      address,
      exposeUris(resources).map(({ exposedUri }) => exposedUri)
    ),
    serverNames: [...new Set([...resources, ...templates].map(({ serverName }) => serverName))]
  })
}

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")

/** The parts of a template (RFC 6570) that are filled in. */
const expression = /\{([+#./;?&]?)[^{}]*\}/

/**
 * Whether an address can have come of a template. Generous: a plain part stands for anything but `/`, one with an
 * operator for anything at all, since the server judges it in the end.
 */
const fits = (address: string, uriTemplate: string): boolean => {
  const pieces: Array<string> = []
  let rest = uriTemplate
  for (let found = expression.exec(rest); found !== null; found = expression.exec(rest)) {
    pieces.push(literally(rest.slice(0, found.index)), found[1] === "" ? "[^/]+" : ".*")
    rest = rest.slice(found.index + found[0].length)
  }
  return pieces.length > 0 && new RegExp(`^${pieces.join("")}${literally(rest)}$`, "s").test(address)
}
