/**
 * Addresses of the internet protocol, and which of them are reached by nobody but this machine and its neighbours.
 * By the registries of special-purpose addresses (RFC 6890) and what they have gained since. Pure.
 */

/** Four or sixteen bytes. */
export type Address = ReadonlyArray<number>

const parseV4 = (text: string): Address | undefined => {
  const parts = text.split(".")
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255))
    return undefined
  return parts.map(Number)
}

const groups = (text: string): ReadonlyArray<number> | undefined => {
  if (text === "") return []
  const parts = text.split(":")
  return parts.every((part) => /^[0-9a-f]{1,4}$/i.test(part))
    ? parts.map((part) => Number.parseInt(part, 16))
    : undefined
}

/** The last part may be written as that of version 4. */
const withoutDots = (text: string): string | undefined => {
  const at = text.lastIndexOf(":")
  if (!text.includes(".")) return text
  const last = parseV4(text.slice(at + 1))
  if (last === undefined) return undefined
  const [a = 0, b = 0, c = 0, d = 0] = last
  return `${text.slice(0, at + 1)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
}

const parseV6 = (text: string): Address | undefined => {
  const plain = withoutDots(text)
  if (plain === undefined) return undefined
  const [first = "", second, ...more] = plain.split("::")
  const [before, after] = [groups(first), groups(second ?? "")]
  if (before === undefined || after === undefined || more.length > 0) return undefined
  const missing = 8 - before.length - after.length
  // Two colons stand for one group of zeros at least.
  if (second === undefined ? missing !== 0 : missing < 1) return undefined
  const all = [...before, ...Array.from({ length: missing }, () => 0), ...after]
  return all.flatMap((group) => [group >> 8, group & 255])
}

/** An address of version 4 that is written as one of version 6 (`::ffff:127.0.0.1`). */
const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]

/** The bytes of an address as it is usually written; nothing for anything else, such as one with a zone. */
export const parseAddress = (text: string): Address | undefined => {
  const address = text.includes(":") ? parseV6(text) : parseV4(text)
  return address?.length === 16 && mapped.every((byte, index) => address[index] === byte) ? address.slice(12) : address
}

/** A network. */
export interface Network {
  readonly address: Address
  readonly bits: number
}

/** Reads `10.0.0.0/8`, or one address. */
export const parseNetwork = (text: string): Network | undefined => {
  const [head = "", tail] = text.split("/")
  const address = parseAddress(head)
  if (address === undefined) return undefined
  const most = address.length * 8
  if (tail === undefined) return { address, bits: most }
  return /^\d{1,3}$/.test(tail) && Number(tail) <= most ? { address, bits: Number(tail) } : undefined
}

/** Whether the address is one of the network. */
export const isInNetwork = (address: Address, network: Network): boolean => {
  if (address.length !== network.address.length) return false
  for (let bit = 0; bit < network.bits; bit += 8) {
    const mask = network.bits - bit >= 8 ? 255 : (255 << (8 - (network.bits - bit))) & 255
    const index = bit / 8
    if (((address[index] ?? 0) & mask) !== ((network.address[index] ?? 0) & mask)) return false
  }
  return true
}

const networks = (texts: ReadonlyArray<string>): ReadonlyArray<Network> =>
  texts.flatMap((text) => parseNetwork(text) ?? [])

const closedV4 = networks([
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "168.63.129.16/32"
])
const openV6 = networks(["2000::/3"])
/** Within it: translation and tunnels, which lead to an address of version 4, and examples. */
const closedV6 = networks(["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"])

/** Whether anybody on the internet may be behind it. */
export const isPublic = (address: Address): boolean =>
  address.length === 4
    ? !closedV4.some((network) => isInNetwork(address, network))
    : openV6.some((network) => isInNetwork(address, network)) &&
      !closedV6.some((network) => isInNetwork(address, network))
