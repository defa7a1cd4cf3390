/**
 * Texts and how many tokens they are in `o200k_base` and `cl100k_base`. Those marked are published, in OpenAI's
 * cookbook ("How to count tokens with tiktoken") or as token lists in the tests of tiktoken; all were counted with
 * tiktoken's own code (its WebAssembly build, 1.0.22), not with the tokenizer that is used here.
 */
export const publishedCounts: ReadonlyArray<readonly [text: string, o200k: number, cl100k: number]> = [
  // Published
  ["hello world", 2, 2],
  ["tiktoken is great!", 6, 6],
  ["antidisestablishmentarianism", 6, 6],
  ["2 + 2 = 4", 7, 7],
  ["お誕生日おめでとう", 8, 9],
  ["rer", 1, 1],
  ["'rer", 2, 2],
  ["today\n ", 3, 3],
  ["today\n \n", 2, 2],
  ["today\n  \n", 2, 2],
  [" \u00850", 4, 4],
  ["👍", 1, 3],
  ["", 0, 0],
  // Of other kinds
  ["The quick brown fox jumps over the lazy dog.", 10, 10],
  ["const answer = items.filter((item) => item.id !== undefined).map(({ name }) => name)", 21, 21],
  ['{"name":"read_file","arguments":{"path":"/tmp/notes.md","limit":200}}', 20, 19],
  ["今天天气很好，我们去公园散步吧。", 12, 20],
  ["Der Zug fährt um 7:45 Uhr von Gleis 12 ab.", 16, 18],
  ["Ünïcödé — “quotes” and … dots", 12, 14],
  ["مرحبا بالعالم", 4, 10],
  ["1234567890", 4, 4],
  ["\tif (x) {\n\t\treturn y;\n\t}\n", 11, 11],
  ["a".repeat(100), 13, 13],
  ["sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", 46, 46],
  ["https://example.com/a/b?c=d&e=%20f#g", 14, 14],
  ["Здравствуй, мир!", 7, 9],
  ["I'm can't WON'T they'll", 5, 8]
]
