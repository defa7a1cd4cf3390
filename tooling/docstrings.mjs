// Fails when a symbol that a package exports has no docstring: whoever meets it in an editor gets nothing but a type.
// It follows the explicit lists of index files; `export *` is refused, because it hides what is exported.
// `node docstrings.mjs [FOLDER]` looks at another project than this one.
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"

const root = process.argv[2] === undefined ? dirname(dirname(fileURLToPath(import.meta.url))) : resolve(process.argv[2])

/** The files that the `exports` of a package name, at their sources. */
const entriesOf = (folder) => {
  const { exports = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  return Object.values(exports)
    .filter((target) => typeof target === "string" && target.endsWith(".ts"))
    .map((target) => join(folder, target))
}

const sources = new Map()
const readSource = (file) => {
  if (!sources.has(file)) sources.set(file, readFileSync(file, "utf8"))
  return sources.get(file)
}

/** `{ a, type B, c as d } from "./x.ts"`: under which name each is found there. */
const reexports = (text) =>
  [...text.matchAll(/^export (?:type )?\{([^}]*)\} from "(\.[^"]+)"/gm)].flatMap(([, names, from]) =>
    names
      .split(",")
      .map((name) => name.trim().replace(/^type /, ""))
      .filter((name) => name !== "")
      .map((name) => {
        const [inside, outside = inside] = name.split(" as ")
        return { inside, outside, from }
      })
  )

const declaration = /^export (?:declare |abstract |async )*(?:const|class|function\*?|interface|type|namespace) (\w+)/

/** Whether the lines above a declaration are its docstring; the header of a file is not, which a blank line sets apart. */
const isDocumented = (lines, index) => {
  let above = index - 1
  while (/^\/\/ (oxlint|@effect)-/.test(lines[above] ?? "")) above -= 1
  if (!(lines[above] ?? "").endsWith("*/")) return false
  while (above > 0 && !lines[above].startsWith("/*")) above -= 1
  return lines[above].startsWith("/**")
}

/** Every declaration of a name in a file. A schema and its type share one, and one docstring. */
const declarationsOf = (file, name) => {
  const lines = readSource(file).split("\n")
  return lines.flatMap((line, index) =>
    declaration.exec(line)?.[1] === name ? [{ line: index + 1, isDocumented: isDocumented(lines, index) }] : []
  )
}

const problems = new Map()

const check = (file, name) => {
  const declared = declarationsOf(file, name)
  if (declared.length > 0) {
    if (!declared.some(({ isDocumented }) => isDocumented))
      problems.set(`${file} ${name}`, `${relative(root, file)}:${declared[0].line} ${name} has no docstring`)
    return
  }
  const passedOn = reexports(readSource(file)).find(({ outside }) => outside === name)
  if (passedOn === undefined)
    problems.set(`${file} ${name}`, `${relative(root, file)} ${name} is declared in no known way`)
  else check(join(dirname(file), passedOn.from), passedOn.inside)
}

let count = 0
const manifests = execFileSync(
  "git",
  ["ls-files", "-co", "--exclude-standard", "packages/**/package.json", "apps/**/package.json"],
  {
    cwd: root,
    encoding: "utf8"
  }
)
for (const manifest of manifests.trim().split("\n")) {
  for (const entry of entriesOf(join(root, dirname(manifest)))) {
    const text = readSource(entry)
    if (/^export \*/m.test(text)) problems.set(entry, `${relative(root, entry)} export * hides what is exported`)
    const own = text.split("\n").flatMap((line) => declaration.exec(line)?.slice(1) ?? [])
    for (const name of new Set([...own, ...reexports(text).map(({ outside }) => outside)])) {
      check(entry, name)
      count += 1
    }
  }
}
if (count === 0) problems.set("", "No exported symbol was found: the script looks in the wrong places.")
if (problems.size > 0) {
  process.stderr.write(`${[...problems.values()].join("\n")}\n`)
  process.exit(1)
}
