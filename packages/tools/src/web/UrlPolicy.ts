/**
 * Which addresses of the web may be fetched. A name says nothing: what is decided upon is the address that it stands
 * for, and the connection is then made to that very address.
 */
import { Effect, Result } from "effect"
import { UrlRefused } from "../errors.ts"
import type { UrlOptions } from "../ToolsOptions.ts"
import { isInNetwork, isPublic, type Network, parseAddress, parseNetwork } from "./addresses.ts"
import type { WebAccess } from "./WebAccess.ts"

/** An address that may be fetched, and where to connect to for it. */
export interface CheckedUrl {
  readonly url: URL
  readonly address: string
}

/** Judges addresses. */
export interface UrlPolicy {
  readonly check: (url: string, from?: URL) => Effect.Effect<CheckedUrl, UrlRefused>
  /** Why it may not be fetched, as far as that can be told without looking up what its name stands for. */
  readonly objection: (url: string) => string | undefined
}

const maxLength = 4096
/** Names that lead to this machine or its neighbours wherever they are looked up. */
const localNames = ["localhost", "local", "internal", "intranet", "lan", "home.arpa", "onion"]

const isBelow = (host: string, domain: string): boolean => host === domain || host.endsWith(`.${domain}`)

const hasControl = (text: string): boolean => {
  for (const char of text) if ((char.codePointAt(0) ?? 0) <= 0x20 || char === "\u007f") return true
  return false
}

const parseUrl = (text: string, from: URL | undefined): Result.Result<URL, string> => {
  if (text.length > maxLength) return Result.fail(`it is longer than ${maxLength} characters`)
  // The parser drops them, so what is fetched would not be what is shown.
  if (hasControl(text) || text.includes("\\"))
    return Result.fail("it contains spaces, backslashes or control characters")
  return Result.try({ try: () => new URL(text, from), catch: () => "it is no address" })
}

/** A domain as hosts are compared with it, however it was written. */
const domainOf = (text: string): string =>
  text
    .toLowerCase()
    .replace(/^\*?\./, "")
    .replace(/\.$/, "")

/** What the policy is about; the rest of the options is for whoever fetches. */
type UrlRules = Pick<UrlOptions, "allowAddresses" | "allowHosts" | "denyHosts" | "ports">

/** Why an address is refused, and by which option. */
type Objection = Pick<UrlRefused, "reason"> & { readonly rule?: keyof UrlRules }

/** The policy of these options. */
export const makeUrlPolicy = (options: UrlRules, web: WebAccess["Service"]): UrlPolicy => {
  const allowed = options.allowAddresses.flatMap((text): ReadonlyArray<Network> => {
    const network = parseNetwork(text)
    return network === undefined ? [] : [network]
  })
  const allowHosts = options.allowHosts.map(domainOf)
  const denyHosts = options.denyHosts.map(domainOf)
  const objectionToAddress = (text: string): Objection | undefined => {
    const address = parseAddress(text)
    if (address === undefined) return { reason: `${text} is no address that can be judged` }
    if (isPublic(address) || allowed.some((network) => isInNetwork(address, network))) return undefined
    return { reason: `${text} is an address of this machine or of a private network`, rule: "allowAddresses" }
  }
  const objectionToHost = (host: string): Objection | undefined => {
    if (host === "") return { reason: "it names no host" }
    if (localNames.some((name) => isBelow(host, name)))
      return { reason: `${host} is a name of this machine or of a private network` }
    const denied = denyHosts.find((domain) => isBelow(host, domain))
    if (denied !== undefined) return { reason: `${denied} is not allowed`, rule: "denyHosts" }
    return allowHosts.length === 0 || allowHosts.some((domain) => isBelow(host, domain))
      ? undefined
      : { reason: `${host} is not among the allowed hosts`, rule: "allowHosts" }
  }
  const objectionToUrl = (url: URL): Objection | undefined => {
    const { password, port, protocol, username } = url
    if (protocol !== "http:" && protocol !== "https:") return { reason: "only http and https are fetched" }
    if (username !== "" || password !== "") return { reason: "it contains a user name or a password" }
    const number = port === "" ? (protocol === "http:" ? 80 : 443) : Number(port)
    return options.ports.includes(number)
      ? objectionToHost(hostOf(url))
      : { reason: `port ${number} is not allowed`, rule: "ports" }
  }

  const addressOf = Effect.fnUntraced(function* (host: string) {
    const literal = literalOf(host)
    const addresses =
      parseAddress(literal) === undefined
        ? yield* Effect.mapError(web.resolve(host), ({ reason }): Objection => ({
            reason: `${host} has no address (${reason})`
          }))
        : [literal]
    // One that is closed among others is enough: the next connection could be made to it.
    const objection = addresses.map(objectionToAddress).find((found) => found !== undefined)
    if (objection !== undefined) return yield* Effect.fail(objection)
    const [address] = addresses
    return address === undefined ? yield* Effect.fail<Objection>({ reason: `${host} has no address` }) : address
  })

  return {
    objection: (text) => {
      const parsed = parseUrl(text, undefined)
      if (Result.isFailure(parsed)) return parsed.failure
      const literal = literalOf(hostOf(parsed.success))
      const found =
        objectionToUrl(parsed.success) ??
        (parseAddress(literal) === undefined ? undefined : objectionToAddress(literal))
      return found?.reason
    },
    check: Effect.fnUntraced(function* (text: string, from?: URL) {
      const refuse = (found: Objection) => new UrlRefused({ url: text.slice(0, maxLength), ...found })
      const parsed = parseUrl(text, from)
      if (Result.isFailure(parsed)) return yield* refuse({ reason: parsed.failure })
      const objection = objectionToUrl(parsed.success)
      if (objection !== undefined) return yield* refuse(objection)
      const address = yield* Effect.mapError(addressOf(hostOf(parsed.success)), refuse)
      return { url: parsed.success, address }
    })
  }
}

/** The host without the dot that a complete name may end with. */
const hostOf = ({ hostname }: URL): string => hostname.toLowerCase().replace(/\.$/, "")

/** An address without the brackets of IPv6. */
const literalOf = (host: string): string => (host.startsWith("[") ? host.slice(1, -1) : host)
