/**
 * References to variables as other programs write them, in our spelling: `\${NAME}`, `\${env:NAME}` and their like become
 * `env:NAME`; what an editor asks for (`\${input:id}`) is read from a variable, too; folders become ours.
 */

export type Rewrite = (text: string) => string

/** What a format writes beside `\${NAME}`, `\${env:NAME}` and `\${input:id}`. */
export interface ReferenceStyle {
  /** Whether `$NAME` is a reference. */
  readonly hasPlainDollar?: boolean
  /** Whether `{env:NAME}` is one. */
  readonly hasBareBraces?: boolean
  /** What an editor says of the values that it asks for, by their id. */
  readonly inputs?: ReadonlyMap<string, string>
}

export interface ForeignReferences {
  readonly rewrite: Rewrite
  /** The same, but for variables of these names, which stay as they are. */
  readonly except: (names: ReadonlyArray<string>) => Rewrite
  /** What a reader would not expect, one sentence each, without the name of the server. */
  readonly notes: ReadonlyArray<string>
}

const dollarBraces = String.raw`\$\{(?<kind>env:|input:)?(?<name>[A-Za-z_][\w.-]*)(?<preset>:-[^}]*)?\}`
const plainDollar = String.raw`\$(?<plain>[A-Za-z_]\w*)`
const bareBraces = String.raw`\{env:(?<bare>[A-Za-z_]\w*)\}`

const patternOf = ({ hasBareBraces, hasPlainDollar }: ReferenceStyle): RegExp =>
  new RegExp(
    [
      dollarBraces,
      ...(hasPlainDollar === true ? [plainDollar] : []),
      ...(hasBareBraces === true ? [bareBraces] : [])
    ].join("|"),
    "g"
  )

/** What only the other program can fill in. */
const unknown = /\$?\{(?:command|config|file):[^}]*\}/

/** Names of Visual Studio Code for places. */
const places: Readonly<Record<string, string>> = {
  workspaceFolder: "${configDir}",
  userHome: "env:HOME",
  configDir: "${configDir}",
  pathSeparator: "/"
}

/** A reference ends where a name ends, so next to letters it needs braces. */
const spell = (name: string, before: string | undefined, after: string | undefined): string =>
  /\w/.test(before ?? "") || /\w/.test(after ?? "") ? `\${env:${name}}` : `env:${name}`

interface Found {
  readonly isInput: boolean
  readonly hasKind: boolean
  readonly name: string
  readonly hasPreset: boolean
}

const foundIn = (groups: Readonly<Record<string, string | undefined>>): Found => ({
  isInput: groups["kind"] === "input:",
  hasKind: groups["kind"] !== undefined || groups["name"] === undefined,
  name: groups["name"] ?? groups["plain"] ?? groups["bare"] ?? "",
  hasPreset: groups["preset"] !== undefined
})

/** For the texts of one server. */
export const makeForeignReferences = (style: ReferenceStyle): ForeignReferences => {
  const notes = new Set<string>()
  const pattern = patternOf(style)
  const variableFor = ({ isInput, name: given }: Found): string => {
    if (!isInput) return given
    const name = given.replace(/\W/g, "_").toUpperCase()
    const description = style.inputs?.get(given)
    const meaning = description === undefined ? "" : ` (${description})`
    notes.add(`what an editor asks for as "${given}"${meaning} is read from the variable ${name}.`)
    return name
  }
  const except = (names: ReadonlyArray<string>) => (text: string) => {
    const [left] = unknown.exec(text) ?? []
    if (left !== undefined) notes.add(`${left} means nothing here, and stands as it was.`)
    return Array.from(text.matchAll(pattern)).reduceRight((rewritten, match) => {
      const found = foundIn(match.groups ?? {})
      const [whole] = match
      const end = match.index + whole.length
      const replace = (by: string) => rewritten.slice(0, match.index) + by + rewritten.slice(end)
      const place = found.hasKind ? undefined : places[found.name]
      if (place !== undefined) return replace(place)
      const name = variableFor(found)
      if (names.includes(name)) return rewritten
      if (found.hasPreset) notes.add(`the value for where ${name} is not set was left out.`)
      return replace(spell(name, text[match.index - 1], text[end]))
    }, text)
  }
  return {
    rewrite: except([]),
    except,
    get notes() {
      return [...notes]
    }
  }
}
