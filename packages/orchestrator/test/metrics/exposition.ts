/**
 * A strict reader of the text format of Prometheus (exposition format 0.0.4), written from its description. It throws
 * at whatever a scraper would refuse or misread.
 */
import { strict as assert } from "node:assert"

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Family {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly samples: ReadonlyArray<Sample>
}

const namePattern = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const labelPattern = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const suffixes: Readonly<Record<string, ReadonlyArray<string>>> = {
  counter: [""],
  gauge: [""],
  histogram: ["_bucket", "_sum", "_count"]
}

const unescaped = (text: string): string =>
  text.replaceAll(/\\(.)/gs, (_, char: string) => {
    assert.ok(["n", "\\", '"'].includes(char), `unknown escape \\${char}`)
    return char === "n" ? "\n" : char
  })

const readValue = (text: string): number => {
  if (text === "+Inf") return Infinity
  if (text === "-Inf") return -Infinity
  assert.match(text, /^-?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$|^NaN$/i)
  return Number(text)
}

const readLabels = (text: string): Readonly<Record<string, string>> => {
  const labels: Record<string, string> = {}
  let rest = text
  while (rest !== "") {
    const found = /^([^=]+)="((?:[^"\\\n]|\\.)*)"(,|$)/.exec(rest)
    assert.ok(found, `labels that cannot be read: ${rest}`)
    const [all, key = "", value = ""] = found
    assert.match(key, labelPattern)
    assert.ok(!(key in labels), `label ${key} twice`)
    labels[key] = unescaped(value)
    rest = rest.slice(all.length)
  }
  return labels
}

const readSample = (line: string): Sample => {
  const found = /^([^ {]+)(?:\{(.*)\})? (\S+)$/.exec(line)
  assert.ok(found, `a sample that cannot be read: ${line}`)
  const [, name = "", labels = "", value = ""] = found
  assert.match(name, namePattern)
  return { name, labels: readLabels(labels), value: readValue(value) }
}

/** What stands behind `# HELP name` or `# TYPE name`. */
const readComment = (kind: "HELP" | "TYPE", line: string | undefined): readonly [name: string, text: string] => {
  const found = new RegExp(`^# ${kind} (\\S+) (.*)$`).exec(line ?? "")
  assert.ok(found, `no ${kind}: ${line}`)
  return [found[1] ?? "", found[2] ?? ""]
}

const keyOf = ({ labels, name }: Sample): string =>
  JSON.stringify([
    name,
    ...Object.keys(labels)
      .toSorted()
      .map((key) => [key, labels[key]])
  ])

/** One family: its HELP line, its TYPE line, its samples. */
const readFamily = (block: string): Family => {
  const [helpLine, typeLine, ...lines] = block.trimEnd().split("\n")
  const [name, help] = readComment("HELP", helpLine)
  const [typed, type] = readComment("TYPE", typeLine)
  assert.match(name, namePattern)
  assert.equal(typed, name)
  const names = new Set(suffixes[type]?.map((suffix) => name + suffix))
  const samples = lines.map(readSample)
  assert.ok(
    samples.every((sample) => names.has(sample.name)),
    `a sample of another family, or an unknown type: ${name}`
  )
  assert.equal(new Set(samples.map(keyOf)).size, samples.length, `a series of ${name} twice`)
  const family = { name, type, help: unescaped(help), samples }
  if (type === "histogram") checkHistogram(family)
  return family
}

/** All families of a text. */
export const readExposition = (text: string): ReadonlyMap<string, Family> => {
  assert.ok(text.endsWith("\n"), "the last line must end")
  const families = text.split(/^(?=# HELP )/m).map(readFamily)
  const byName = new Map(families.map((family) => [family.name, family]))
  assert.equal(byName.size, families.length, "a family comes in two blocks")
  return byName
}

/** Buckets rise with `le`, never fall, and the last is +Inf with the count. */
const checkHistogram = ({ name, samples }: Family) => {
  const series = new Map<string, Array<Sample>>()
  for (const sample of samples) {
    const { le: _, ...labels } = sample.labels
    const key = JSON.stringify(labels)
    series.set(key, [...(series.get(key) ?? []), sample])
  }
  for (const all of series.values()) {
    const buckets = all.filter((sample) => sample.name === `${name}_bucket`)
    const ends = buckets.map(({ labels }) => readValue(labels["le"] ?? ""))
    const counts = buckets.map(({ value }) => value)
    assert.deepEqual(
      ends,
      ends.toSorted((a, b) => a - b)
    )
    assert.deepEqual(
      counts,
      counts.toSorted((a, b) => a - b)
    )
    assert.equal(ends.at(-1), Infinity)
    assert.equal(all.find((sample) => sample.name === `${name}_count`)?.value, counts.at(-1))
    assert.ok(all.some((sample) => sample.name === `${name}_sum`))
  }
}
