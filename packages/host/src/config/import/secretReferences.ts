/**
 * Secrets of imported servers as references: the value stays where it was, and the configuration names the
 * variable that it is to be read from. What counts as a secret is decided by `@signalbox/errors`: by the name of a
 * field, or by the shape of a text.
 */
import { isSecretKey, redactText } from "@signalbox/errors"
import type { ImportedServer } from "./ImportedServer.ts"
import { asideReferences, variablesIn } from "../secrets.ts"

/** A variable to be set, and where its value stood: `env.TOKEN`, `headers.Authorization`, `args.2`, `url`. */
export interface SecretVariable {
  readonly name: string
  readonly server: string
  readonly key: string
}

const mask = "<redacted>"

/** As a part of the name of a variable, which begins with no digit. */
const upperCase = (text: string): string =>
  text
    .replace(/[^A-Za-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .replace(/^(?=\d)/, "_")
    .toUpperCase()

type Place = Omit<SecretVariable, "name">

/** Names for a variable, the best one first. */
type Wanted = readonly [string, ...ReadonlyArray<string>]

/** Names for secrets: the same secret gets the same one, two secrets never share one, and none has one of `taken`. */
const makeNames = (taken: ReadonlyArray<string>) => {
  const secrets = new Map(taken.map((name) => [name, "\n"]))
  const variables: Array<SecretVariable> = []
  const isFree = (name: string, secret: string) => (secrets.get(name) ?? secret) === secret
  return {
    variables,
    /** The first of the wanted names that is free, or one with a number. */
    nameFor: (secret: string, place: Place, wanted: Wanted) => {
      const numbered = (count: number): string => {
        const name = `${wanted[wanted.length - 1]}_${count}`
        return isFree(name, secret) ? name : numbered(count + 1)
      }
      const name = wanted.find((candidate) => isFree(candidate, secret)) ?? numbered(2)
      secrets.set(name, secret)
      variables.push({ ...place, name })
      return name
    }
  }
}

type Names = ReturnType<typeof makeNames>

/** `Bearer x` and its like: the word before the secret tells the other side what it is, and is none itself. */
const scheme = /^(?:Bearer|Basic|Token) +(?=\S)/i

const looksSecret = (value: string): boolean => {
  const { text } = asideReferences(value)
  return redactText(text) !== text
}

/** A reference of ours, or one that the server fills in itself. */
const isReference = (value: string): boolean => variablesIn(value).length > 0 || /\$\{\w+\}/.test(value)

const isSecretField = (key: string, value: string): boolean =>
  value !== "" && ((isSecretKey(key) && !isReference(value)) || looksSecret(value))

/** A whole value, but for the scheme before it. */
const replaceValue = (value: string, names: Names, place: Place, wanted: Wanted): string => {
  const [word = ""] = scheme.exec(value) ?? []
  return `${word}env:${names.nameFor(value.slice(word.length), place, wanted)}`
}

/** `<SERVER>_<KEY>`, or the key alone where it begins with the name of the server. */
const nameOf = (server: string, key: string): string => {
  const own = upperCase(key)
  const prefix = `${upperCase(server)}_`
  return own.startsWith(prefix) ? own : `${prefix}${own}`
}

/** What a secret inside a text is called there: `?api_key=…`, `Token: …`, the password of a URL. */
const keyBefore = (before: string): string => {
  if (/:\/\/[^/\s@]*:$/.test(before)) return "password"
  return /([A-Za-z][\w.-]*)(?:=|: *)$/.exec(before)?.[1] ?? "token"
}

/** The parts of a text that look like secrets; everything around them stays. */
const replaceParts = (value: string, names: Names, place: Place): string => {
  const { restore, text } = asideReferences(value)
  const masked = redactText(text)
  if (masked === text) return value
  // A reference needs braces where letters touch it; around a secret there is only a sign or an end.
  const replaced = masked.replaceAll(mask, (_, at: number) => {
    const wanted = nameOf(place.server, keyBefore(masked.slice(0, at)))
    return `env:${names.nameFor(`${value}\n${at}`, place, [wanted])}`
  })
  return restore(replaced)
}

const envOf = (server: string, env: Readonly<Record<string, string>>, names: Names) =>
  Object.fromEntries(
    Object.entries(env).map(([key, value]) => {
      if (!isSecretField(key, value)) return [key, value]
      // The name is the one that the server's own documentation uses.
      return [key, replaceValue(value, names, { server, key: `env.${key}` }, [upperCase(key), nameOf(server, key)])]
    })
  )

const headersOf = (server: string, headers: Readonly<Record<string, string>>, names: Names) =>
  Object.fromEntries(
    Object.entries(headers).map(([key, value]) => {
      if (!isSecretField(key, value)) return [key, value]
      const own = /^authorization$/i.test(key) ? "token" : key.replace(/^x-/i, "")
      return [key, replaceValue(value, names, { server, key: `headers.${key}` }, [nameOf(server, own)])]
    })
  )

/** `--api-key=x`, `TOKEN=x`, `X-Api-Key: x`: what stands before the value, its key, and the value. */
const assignment = /^(-{0,2}([A-Za-z][\w.-]*)(?:=|: *))(.+)$/s

interface NamedSecret {
  readonly before: string
  readonly key: string
  readonly value: string
}

const assignedSecret = (word: string): NamedSecret | undefined => {
  const [, before = "", key = "", value = ""] = assignment.exec(word) ?? []
  return isSecretKey(key) && isSecretField(key, value) ? { before, key, value } : undefined
}

/** `--api-key x`: the word after a flag that is named like a secret. */
const secretOfFlag = (word: string, previous: string): NamedSecret | undefined => {
  const key = /^--?([A-Za-z][\w-]*)$/.exec(previous)?.[1] ?? ""
  const isValue = isSecretKey(key) && !word.startsWith("-") && isSecretField(key, word)
  return isValue ? { before: "", key, value: word } : undefined
}

const argument = (word: string, previous: string, names: Names, place: Place): string => {
  const named = assignedSecret(word) ?? secretOfFlag(word, previous)
  return named === undefined
    ? replaceParts(word, names, place)
    : named.before + replaceValue(named.value, names, place, [nameOf(place.server, named.key)])
}

const argsOf = (server: string, args: ReadonlyArray<string>, names: Names): ReadonlyArray<string> =>
  args.map((word, index) => argument(word, args[index - 1] ?? "", names, { server, key: `args.${index}` }))

const described = ({ description }: ImportedServer) =>
  description === undefined ? {} : { description: redactText(description) }

const withReferences = (server: string, entry: ImportedServer, names: Names): ImportedServer =>
  entry.transport === "stdio"
    ? { ...entry, ...described(entry), args: argsOf(server, entry.args, names), env: envOf(server, entry.env, names) }
    : {
        ...entry,
        ...described(entry),
        url: replaceParts(entry.url, names, { server, key: "url" }),
        headers: headersOf(server, entry.headers, names)
      }

/** The same servers without their secrets, and the variables that have to be set for them. */
export const withoutSecrets = (servers: Readonly<Record<string, ImportedServer>>) => {
  const names = makeNames(variablesIn(JSON.stringify(servers)))
  const entries = Object.entries(servers).map(([name, entry]) => [name, withReferences(name, entry, names)] as const)
  return { servers: Object.fromEntries(entries), variables: names.variables }
}
