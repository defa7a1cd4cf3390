import { makeRoutingPlan, type ModelMatch, resolveModel, type RoutingOptions } from "@signalbox/model"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"

const rule = (match: ModelMatch, upstream = "claude", model?: string) => ({
  match,
  upstream,
  model
})
const pattern = (regex: string) => rule({ _tag: "Pattern", regex })
const options = (changes: Partial<RoutingOptions> = {}): RoutingOptions => ({
  rules: [],
  unknown: "reject",
  default: { upstream: "claude", model: "" },
  fallbacks: [],
  upstreams: ["claude", "openrouter"],
  ...changes
})
const problemsOf = (given: RoutingOptions): ReadonlyArray<string> => {
  const made = makeRoutingPlan(given)
  return Result.isFailure(made) ? made.failure.problems : []
}
const fits = (regex: string, name: string): boolean => {
  const plan = Result.getOrThrow(makeRoutingPlan(options({ rules: [pattern(regex)] })))
  return Result.isSuccess(resolveModel(plan, name))
}

describe("a routing plan", () => {
  it("reports everything that is wrong with it at once", () => {
    const problems = problemsOf(
      options({
        rules: [
          pattern("claude-("),
          rule({ _tag: "Prefix", text: "" }),
          rule({ _tag: "Exact", text: "x" }, "openruter")
        ],
        unknown: { upstream: "nobody" },
        fallbacks: [{ upstream: "claude", model: undefined, routes: [{ upstream: "elsewhere", model: "y" }] }]
      })
    )
    assert.lengthOf(problems, 5)
    assert.include(problems[0] ?? "", 'rule 1: the pattern "claude-("')
    assert.strictEqual(problems[1], "rule 2: an empty prefix fits every name")
    assert.strictEqual(problems[2], 'rule 3: there is no upstream "openruter" (did you mean "openrouter"?)')
    assert.strictEqual(problems[3], 'unknown models: there is no upstream "nobody"')
    assert.strictEqual(problems[4], 'the fallbacks of "claude": there is no upstream "elsewhere"')
  })

  it.each(["(a)\\1", "(?=a)b", "(?!a)b", "(?<=a)b", "(?<!a)b", "(?<n>a)\\k<n>", "\\u0041", "(a{1,500}){1,500}"])(
    "refuses the pattern %s, which could not be matched in linear time",
    (regex) => {
      assert.lengthOf(problemsOf(options({ rules: [pattern(regex)] })), 1)
    }
  )
})

describe("a pattern", () => {
  const samples = [
    "",
    "a",
    "b",
    "ab",
    "aab",
    "abc",
    "aaa",
    "a-b",
    "gpt-4",
    "gpt-4o",
    "gpt-4.1-mini",
    "o3",
    "A",
    "ä",
    "👍"
  ]
  it.each([
    "a",
    "a*",
    "a+b?",
    "(a|b)*c?",
    "(?:a|ab)(c|bc)?",
    "a{2}",
    "a{2,}",
    "a{1,2}b",
    "[a-c]+",
    "[^a]+",
    ".",
    ".*",
    ".+?",
    "gpt-4(o|\\.1-mini)?",
    "\\w+-\\d[\\w.\\-]*",
    "^a|b$",
    "(^a)(b$)?",
    "(?<family>gpt|o)-?\\d.*",
    "",
    "(a*)*",
    "(a|)*b",
    "[\\]\\-a]+",
    "\\p{L}".replace("\\p{L}", "[ä👍]"),
    "(a?){3}b",
    "x{0}a",
    "\\bgpt\\b.*",
    "a\\b-\\bb",
    "a\\Ba\\Bb?"
  ])("of %s fits the same whole names as JavaScript says", (regex) => {
    const expected = new RegExp(`^(?:${regex})$`, "u")
    for (const name of samples) {
      if (name !== "") assert.strictEqual(fits(regex, name), expected.test(name), name)
    }
  })

  it.each(["(a+)+b", "(a|aa)*b", "(a*)*b", "(.*)*x", "(a?){50}a{50}b", "([a-z]+)*[0-9]"])(
    "of %s, which takes for ever in other engines, is done with a long name at once",
    (regex) => {
      assert.isFalse(fits(regex, "a".repeat(20_000)))
    }
  )
})
