/** The endings that `type` stands for in Grep, by the names that ripgrep uses. */
export const fileTypes: ReadonlyMap<string, ReadonlyArray<string>> = new Map(
  Object.entries({
    c: [".c", ".h"],
    cpp: [".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp"],
    cs: [".cs"],
    css: [".css", ".scss"],
    go: [".go"],
    html: [".html", ".htm"],
    java: [".java"],
    js: [".js", ".jsx", ".cjs", ".mjs"],
    json: [".json"],
    kotlin: [".kt", ".kts"],
    lua: [".lua"],
    md: [".md", ".markdown", ".mdx"],
    php: [".php"],
    py: [".py", ".pyi"],
    ruby: [".rb"],
    rust: [".rs"],
    sh: [".sh", ".bash", ".zsh"],
    sql: [".sql"],
    swift: [".swift"],
    toml: [".toml"],
    ts: [".ts", ".tsx", ".cts", ".mts"],
    txt: [".txt"],
    xml: [".xml"],
    yaml: [".yaml", ".yml"]
  })
)
