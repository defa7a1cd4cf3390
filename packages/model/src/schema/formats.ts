/**
 * Formats of texts that are looked at (JSON Schema 2020-12, validation, §7.3). Each is a little wider than its
 * specification, as most servers are: what is refused here is certainly none.
 */

/** A format, and how a message names it. */
export interface Format {
  readonly fits: (text: string) => boolean
  readonly expected: string
}

const isDate = (text: string): boolean => {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []
  if (year === undefined) return false
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
}

const isTime = (text: string): boolean =>
  /^([01]\d|2[0-3]):[0-5]\d(:([0-5]\d|60)(\.\d+)?)?(z|[+-]\d\d(:?\d\d)?)?$/i.test(text)

const isIpv4 = (text: string): boolean =>
  /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && text.split(".").every((part) => Number(part) <= 255)

/** Groups of RFC 4291 §2.2: eight of them, or fewer around one `::`; the last two may be an IPv4 address. */
const isIpv6 = (text: string): boolean => {
  const groups = text.split(":")
  const last = groups.at(-1) ?? ""
  const endsInIpv4 = last.includes(".")
  if ((endsInIpv4 && !isIpv4(last)) || /:::|::.*::/.test(text)) return false
  const own = endsInIpv4 ? groups.slice(0, -1) : groups
  if (!own.every((group) => /^[\da-f]{0,4}$/i.test(group))) return false
  const most = endsInIpv4 ? 6 : 8
  const filled = own.filter((group) => group !== "").length
  return text.includes("::") ? filled < most : own.length === most && filled === most
}

/** By their names. */
export const formats: Readonly<Record<string, Format>> = {
  date: { fits: isDate, expected: "a date such as 2026-01-31" },
  time: { fits: isTime, expected: "a time such as 09:30:00Z" },
  "date-time": {
    fits: (text) => isDate(text.slice(0, 10)) && /^[t ]$/i.test(text.charAt(10)) && isTime(text.slice(11)),
    expected: "a date and time such as 2026-01-31T09:30:00Z"
  },
  email: { fits: (text) => /^[^\s@]+@[^\s@]+$/.test(text), expected: "an e-mail address" },
  uri: { fits: (text) => /^[a-z][a-z\d+.-]*:\S*$/i.test(text), expected: "a URI such as https://example.com/" },
  uuid: { fits: (text) => /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text), expected: "a UUID" },
  ipv4: { fits: isIpv4, expected: "an IPv4 address" },
  ipv6: { fits: isIpv6, expected: "an IPv6 address" }
}
