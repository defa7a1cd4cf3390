/**
 * References to variables as other programs write them, in our spelling: `\${NAME}` and `\${env:NAME}` become
 * `env:NAME`; what an editor asks for (`\${input:id}`) is read from a variable, too; folders become ours.
 */

/** A text with its references in our spelling. */
export type Rewrite = (text: string) => string

/** What turns the texts of one server, and what there is to say about it. */
export interface ForeignReferences {
  readonly rewrite: Rewrite
  /** The same, but for variables of these names, which stay as they are. */
  readonly except: (names: ReadonlyArray<string>) => Rewrite
  /** What a reader would not expect, one sentence each, without the name of the server. */
  readonly notes: ReadonlyArray<string>
}

const pattern = /\$\{(env:|input:)?([A-Za-z_][\w.-]*)(:-[^}]*)?\}/g

/** Names of Visual Studio Code for places. */
const places: Readonly<Record<string, string>> = {
  workspaceFolder: "${configDir}",
  userHome: "env:HOME",
  configDir: "${configDir}"
}

/** A reference ends where a name ends, so next to letters it needs braces. */
const spell = (name: string, before: string | undefined, after: string | undefined): string =>
  /\w/.test(before ?? "") || /\w/.test(after ?? "") ? `\${env:${name}}` : `env:${name}`

/** For the texts of one server. */
export const makeForeignReferences = (): ForeignReferences => {
  const notes = new Set<string>()
  const variableFor = (kind: string | undefined, given: string): string => {
    if (kind !== "input:") return given
    const name = given.replace(/\W/g, "_").toUpperCase()
    notes.add(`what an editor asks for as "${given}" is read from the variable ${name}.`)
    return name
  }
  const except = (names: ReadonlyArray<string>) => (text: string) =>
    text.replace(pattern, (whole, kind: string | undefined, given: string, preset: string | undefined, at: number) => {
      const place = kind === undefined ? places[given] : undefined
      if (place !== undefined) return place
      const name = variableFor(kind, given)
      if (names.includes(name)) return whole
      if (preset !== undefined) notes.add(`the value for where ${name} is not set was left out.`)
      return spell(name, text[at - 1], text[at + whole.length])
    })
  return {
    rewrite: except([]),
    except,
    get notes() {
      return [...notes]
    }
  }
}
