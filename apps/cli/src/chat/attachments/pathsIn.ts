/**
 * Paths of pictures and PDFs within a message, as people write them and as terminals write what is dragged into them:
 * bare, in quotation marks, with blanks after backslashes, or as `file:` addresses. Pure.
 */

/** A path in a message. */
export interface FoundPath {
  /** As it stands in the message. */
  readonly written: string
  readonly path: string
}

const kinds = /\.(?:png|jpe?g|gif|webp|pdf)$/i

const words = /'([^'\n]+)'|"([^"\n]+)"|((?:\\.|[^\s'"\\])+)/g

/** The path of a `file:` address; nothing where it is none, or of another machine. */
const pathOfAddress = (address: string): string | undefined => {
  const [, path] = /^file:\/\/(?:localhost)?(\/.*)$/.exec(address) ?? []
  if (path === undefined) return undefined
  try {
    return decodeURIComponent(path)
  } catch {
    // A percent sign that encodes nothing is part of the name.
    return path
  }
}

/** All of them, in order. */
export const pathsIn = (message: string): ReadonlyArray<FoundPath> =>
  [...message.matchAll(words)].flatMap(([written, single, double, bare]) => {
    const text = single ?? double ?? bare?.replace(/\\(.)/g, "$1") ?? ""
    // Marks of a sentence may follow a bare path.
    const plain = bare === undefined ? text : text.replace(/^[(<[]+|[.,;:!?)>\]]+$/g, "")
    const path = plain.startsWith("file:") ? pathOfAddress(plain) : /^[a-z]+:\/\//i.test(plain) ? undefined : plain
    return path !== undefined && kinds.test(path) ? [{ written, path }] : []
  })
