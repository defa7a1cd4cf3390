// Bundles an app with code splitting, so that its entry starts fast: `node bundle.mjs src/main.ts [FOLDER]`; into `dist` when
// none is named.
// Splitting makes a file of whatever some parts of the program share, some fifty of them, and each costs a start a third of a
// millisecond. So what the program always loads is put together again in a second step.
import { build } from "esbuild"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, join, resolve } from "node:path"
import { lateSegmenter, straight, withoutViewers, withUndiciNames, withValues } from "./bundlePlugins.mjs"

const [entry, target = "dist"] = process.argv.slice(2)
const { dependencies = {} } = JSON.parse(readFileSync("package.json", "utf8"))
// What the package depends on stays outside, and redis, which platform-node loads only for its Redis layers.
const external = ["redis", ...Object.keys(dependencies)]
const common = {
  external,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node22",
  // Parts are loaded for nothing but what is imported from them.
  logOverride: { "ignored-bare-import": "silent" }
}

rmSync(target, { recursive: true, force: true })
mkdirSync("node_modules/.cache", { recursive: true })
const folder = mkdtempSync(resolve("node_modules/.cache/parts-"))
try {
  const { metafile } = await build({
    ...common,
    entryPoints: [entry],
    outdir: folder,
    splitting: true,
    metafile: true,
    plugins: [withoutViewers, lateSegmenter, withValues, withUndiciNames, straight]
  })
  const parts = readParts(metafile.outputs)
  requireSmallCore(parts)
  await putTogether(parts)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** The parts by their file names: what each exports, and which it loads, at once or when it is wanted. */
function readParts(outputs) {
  return new Map(
    Object.entries(outputs)
      .filter(([file]) => file.endsWith(".js"))
      .map(([file, { exports, imports, inputs }]) => {
        const loads = (kind) =>
          imports.filter((each) => each.kind === kind && !each.external).map(({ path }) => basename(path))
        const modules = Object.keys(inputs)
        return [basename(file), { exports, modules, now: loads("import-statement"), later: loads("dynamic-import") }]
      })
  )
}

/** A part with all that it loads at once. */
function closure(parts, part, found = new Set()) {
  if (found.has(part)) return found
  found.add(part)
  for (const next of parts.get(part).now) closure(parts, next, found)
  return found
}

/** What the program always loads, beyond its entry. */
function coreOf(parts) {
  const first = `${basename(entry, ".ts")}.js`
  const small = closure(parts, first)
  const [program] = parts.get(first).later
  return { program, core: [...closure(parts, program)].filter((part) => !small.has(part)) }
}

/** One import that could wait makes every command load what it leads to, and nobody would notice. */
function requireSmallCore(parts) {
  const heavy =
    /node_modules\/(unbash|@mdream\/js|@modelcontextprotocol\/\w+|undici|zod)\/|\/tools\/src\/BuiltInTools\.ts$/
  const found = coreOf(parts).core.flatMap((part) => parts.get(part).modules.filter((module) => heavy.test(module)))
  if (found.length > 0)
    throw new Error(`Every command would load these; import what leads to them where it is used:\n${found.join("\n")}`)
}

/** Writes the bundle: the entry, what it always loads next as one file, and every other part. */
async function putTogether(parts) {
  const { core, program } = coreOf(parts)
  // Parts may export different things by the same name; those of the program itself are asked for by the entry.
  const nameOf = (part, name) => (part === program ? name : `${name}_${core.indexOf(part)}`)
  const renamed = (part, from, write) =>
    `export { ${parts.get(part).exports.map(write).join(", ")} } from ${JSON.stringify(from)}`
  const everything = core
    .filter((part) => parts.get(part).exports.length > 0)
    .map((part) => renamed(part, `./${part}`, (name) => `${name} as ${nameOf(part, name)}`))
    .join("\n")
  /** The same part out of the whole. */
  const outOfCore = (part) => renamed(part, "./core.js", (name) => `${nameOf(part, name)} as ${name}`)
  const others = [...parts.keys()].filter((part) => !core.includes(part))
  const options = {
    ...common,
    outdir: target,
    minify: true,
    legalComments: "linked",
    // Some dependencies are CommonJS inside and ask for Node's own modules by `require`.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);'
    }
  }
  const isPart = /^\.\/[^/]+\.js$/
  await build({
    ...options,
    stdin: { contents: everything, resolveDir: folder, sourcefile: "core.js" },
    entryNames: "core",
    plugins: [
      {
        name: "core",
        setup: (step) =>
          step.onResolve({ filter: isPart }, ({ kind, path }) =>
            kind === "import-statement" && core.includes(basename(path)) ? undefined : { path, external: true }
          )
      }
    ]
  })
  await build({
    ...options,
    entryPoints: others.map((part) => join(folder, part)),
    plugins: [
      {
        name: "others",
        setup: (step) => {
          step.onResolve({ filter: /^\.\/core\.js$/ }, ({ path }) => ({ path, external: true }))
          step.onResolve({ filter: isPart }, ({ kind, path }) => {
            const part = basename(path)
            if (kind === "import-statement" && core.includes(part)) return { path: part, namespace: "core" }
            if (kind === "dynamic-import") return { path: part === program ? "./core.js" : path, external: true }
            return kind === "import-statement" ? { path, external: true } : undefined
          })
          step.onLoad({ filter: /./, namespace: "core" }, ({ path }) => ({ contents: outOfCore(path) }))
        }
      }
    ]
  })
  // What is loaded at once by one and when it is wanted by another stands for itself too.
  const wanted = new Set([...parts.values()].flatMap(({ later }) => later))
  for (const part of core.filter((each) => wanted.has(each) && each !== program))
    writeFileSync(join(target, part), `${outOfCore(part)}\n`)
}
