// Bundles an app into `dist` with code splitting, so that its entry starts fast: `node bundle.mjs src/main.ts`.
import { build } from "esbuild"
import { readFileSync, rmSync } from "node:fs"
import { pathToFileURL } from "node:url"

/** Pages to look at an API with, which Effect would load when asked: nobody asks, and they weigh 5 MB. */
const withoutViewers = {
  name: "without-viewers",
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]internal[\\/]httpApi(Scalar|Swagger)\.js$/ }, () => ({
      contents: "export default undefined"
    }))
}

/** Modules that are nothing but values which take long to make: they are made here, and not at each start. */
const withValues = {
  name: "with-values",
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]host[\\/]src[\\/]config[\\/]presetValue\.ts$/ }, async ({ path }) => {
      const values = Object.entries(await import(pathToFileURL(path).href))
      return { contents: values.map(([name, value]) => `export const ${name} = ${JSON.stringify(value)}`).join("\n") }
    })
}

const [entry] = process.argv.slice(2)
const { dependencies = {} } = JSON.parse(readFileSync("package.json", "utf8"))
rmSync("dist", { recursive: true, force: true })
await build({
  entryPoints: [entry],
  outdir: "dist",
  bundle: true,
  splitting: true,
  minify: true,
  platform: "node",
  format: "esm",
  target: "node22",
  legalComments: "linked",
  // What the package depends on stays outside, and redis, which platform-node loads only for its Redis layers.
  external: ["redis", ...Object.keys(dependencies)],
  plugins: [withoutViewers, withValues],
  // Some dependencies are CommonJS inside and ask for Node's own modules by `require`.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);'
  }
})
