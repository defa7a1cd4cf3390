// What the bundle of an app leaves out, makes beforehand and goes past.
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"

/** Pages to look at an API with, which Effect would load when asked: nobody asks, and they weigh 5 MB. */
export const withoutViewers = {
  name: "without-viewers",
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]internal[\\/]httpApi(Scalar|Swagger)\.js$/ }, () => ({
      contents: "export default undefined"
    }))
}

/** Modules that are nothing but values which take long to make: they are made here, and not at each start. */
export const withValues = {
  name: "with-values",
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]host[\\/]src[\\/]config[\\/]presetValue\.ts$/ }, async ({ path }) => {
      const values = Object.entries(await import(pathToFileURL(path).href))
      return { contents: values.map(([name, value]) => `export const ${name} = ${JSON.stringify(value)}`).join("\n") }
    })
}

/**
 * Effect makes a segmenter of text when it is loaded, which reads the tables of all languages: that takes as long as a
 * tenth of a short command, and only help is measured with it. So it is made when something is measured.
 */
export const lateSegmenter = {
  name: "late-segmenter",
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]effect[\\/]dist[\\/]cli[\\/]CliOutput\.js$/ }, ({ path }) => {
      const made = /const (graphemeSegmenter) = (?:\/\*#__PURE__\*\/)?(new Intl\.Segmenter\([^)]*\))/
      const text = readFileSync(path, "utf8")
      if (!made.test(text)) throw new Error(`${path} makes its segmenter in another way now.`)
      return {
        contents: text.replace(made, "let made; const $1 = { segment: (text) => (made ??= $2).segment(text) }"),
        resolveDir: dirname(path)
      }
    })
}

/**
 * undici is CommonJS, and Effect hands on all of it by a star: in parts of a program that share it, nobody would find
 * the names. So they are written out.
 */
export const withUndiciNames = {
  name: "with-undici-names",
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]platform-node[\\/]dist[\\/]Undici\.js$/ }, ({ path }) => {
      const names = Object.keys(createRequire(path)("undici")).filter((name) => /^[A-Za-z_]\w*$/.test(name))
      return {
        contents: `import Undici from "undici"\nexport default Undici\nexport const { ${names.join(", ")} } = Undici`,
        resolveDir: dirname(path)
      }
    })
}

/** What an index exports: by name, the file that it comes from, and whether it is all of that file. */
const exportsOf = (index) => {
  const text = readFileSync(index, "utf8").replaceAll(/\/\*[^]*?\*\/|\/\/.*$/gm, "")
  const found = new Map()
  for (const [, name, path] of text.matchAll(/^export \* as (\w+) from "(\.[^"]+)"/gm))
    found.set(name, { file: join(dirname(index), path), isAll: true })
  for (const [, names, path] of text.matchAll(/^export \{([^}]*)\} from "(\.[^"]+)"/gm))
    for (const name of names.split(",").map((name) => name.trim()))
      if (/^\w+$/.test(name)) found.set(name, { file: join(dirname(index), path), isAll: false })
  return found
}

const imports = /^import \{([^}]*)\} from "((?:effect|@signalbox)\b[^"]*)"$/gm

/**
 * Imports lead to the very module, past the index of a package. Splitting keeps a file whole, so that an index would lead
 * whoever imports one thing from it to everything that anybody in the program imports from it.
 */
export const straight = {
  name: "straight",
  setup: ({ onLoad, resolve }) => {
    const indices = new Map()
    const exportsBehind = async (specifier, from) => {
      const { path } = await resolve(specifier, { resolveDir: dirname(from), kind: "import-statement" })
      if (!indices.has(path)) indices.set(path, exportsOf(path))
      return indices.get(path)
    }
    onLoad({ filter: /[\\/](packages|apps)[\\/].*[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
      let contents = readFileSync(path, "utf8")
      for (const [whole, names, specifier] of contents.matchAll(imports)) {
        const known = await exportsBehind(specifier, path)
        const straightened = names
          .split(",")
          .map((name) => name.trim())
          .filter((name) => name !== "" && !name.startsWith("type "))
          .map((name) => {
            const [exported, local = exported] = name.split(" as ")
            const { file, isAll } = known.get(exported) ?? {}
            if (file === undefined)
              throw new Error(`${path}: the index of ${specifier} does not say where ${exported} is.`)
            return `import ${isAll ? `* as ${local}` : `{ ${name} }`} from ${JSON.stringify(file)}`
          })
        contents = contents.replace(whole, () => straightened.join(";"))
      }
      return { contents, loader: "ts" }
    })
  }
}
