/**
 * Words of a line as a person types them after a command: blanks part them, quotes hold them together.
 */

/** A word in single quotes, or one that may have double quotes in it. An apostrophe within a word is one. */
const word = /(?<!\S)'([^']*)(?:'(?!\S)|$)|((?:"(?:\\["\\]|[^"])*(?:"|$)|\\[\s"'\\]|\S)+)/g

const quoted = /"((?:\\["\\]|[^"])*)(?:"|$)|\\([\s"'\\])/g

const unquoted = (text: string): string =>
  text.replace(
    quoted,
    (_, inner: string | undefined, escaped: string | undefined) => escaped ?? (inner ?? "").replace(/\\(["\\])/g, "$1")
  )

/** The words. A quote that is not closed holds to the end. */
export const argumentWords = (text: string): ReadonlyArray<string> =>
  Array.from(text.matchAll(word), ([, single, other = ""]) => single ?? unquoted(other))

/** Words as the arguments of these names: `name=value` where a name is meant, else in their order; the last takes the rest. */
export const namedArguments = (names: ReadonlyArray<string>, text: string): Readonly<Record<string, string>> => {
  const words = argumentWords(text)
  const named = words.map((word) => {
    const [, key = "", value = ""] = /^([^=]+)=(.*)$/s.exec(word) ?? []
    return names.includes(key) ? ([key, value] as const) : word
  })
  const given = Object.fromEntries(named.filter((word) => typeof word !== "string"))
  const free = names.filter((name) => !(name in given))
  const rest = named.filter((word) => typeof word === "string")
  // One argument for all that was typed: its quotes belong to it.
  if (free.length === 1 && rest.length === words.length && rest.length > 0) return { [free[0] ?? ""]: text.trim() }
  const placed = free.flatMap((name, index) => {
    const own = index === free.length - 1 ? rest.slice(index) : rest.slice(index, index + 1)
    return own.length === 0 ? [] : [[name, own.join(" ")] as const]
  })
  return { ...given, ...Object.fromEntries(placed) }
}
