import {
  aliasRules,
  listedModels,
  makeRoutingPlan,
  resolveModel,
  type ResolvedModel,
  type RoutingOptions
} from "@signalbox/model"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"

const big = { upstream: "openrouter", model: "anthropic/claude-sonnet-4" }
const small = { upstream: "openrouter", model: "anthropic/claude-3.5-haiku" }
const planOf = (changes: Partial<RoutingOptions> = {}) =>
  Result.getOrThrow(
    makeRoutingPlan({
      rules: [
        { match: { _tag: "Exact", text: "local" }, upstream: "ollama", model: "qwen3" },
        { match: { _tag: "Prefix", text: "ollama/", strip: true }, upstream: "ollama", model: undefined },
        { match: { _tag: "Prefix", text: "openrouter/", strip: true }, upstream: "openrouter", model: undefined },
        { match: { _tag: "Prefix", text: "anthropic/" }, upstream: "openrouter", model: undefined },
        ...aliasRules({ big, small }),
        { match: { _tag: "Pattern", regex: "gpt-.*" }, upstream: "openrouter", model: "openai/gpt-5" }
      ],
      unknown: "reject",
      default: { upstream: "ollama", model: "" },
      fallbacks: [
        { upstream: "openrouter", model: undefined, routes: [{ upstream: "ollama", model: "qwen3" }] },
        { upstream: "openrouter", model: big.model, routes: [big, small] }
      ],
      upstreams: ["openrouter", "ollama"],
      ...changes
    })
  )
const resolve = (name: string, changes?: Partial<RoutingOptions>): ResolvedModel =>
  Result.getOrThrow(resolveModel(planOf(changes), name))

describe("the name of a model", () => {
  it("is looked up in the rules in order, and the first that fits decides", () => {
    assert.deepStrictEqual(resolve("local").route, { upstream: "ollama", model: "qwen3" })
    assert.deepStrictEqual(resolve("gpt-4o").route, { upstream: "openrouter", model: "openai/gpt-5" })
    assert.deepStrictEqual(resolve("anthropic/claude-3-haiku").route, {
      upstream: "openrouter",
      model: "anthropic/claude-3-haiku"
    })
  })

  it("loses its prefix only where the rule says so, so that both ways to say it lead to one model", () => {
    assert.deepStrictEqual(resolve("openrouter/anthropic/x").route, resolve("anthropic/x").route)
    assert.deepStrictEqual(resolve("ollama/llama3:8b").route, { upstream: "ollama", model: "llama3:8b" })
  })

  it("says which rule decided, and what is asked after it", () => {
    const resolved = resolve("gpt-4o")
    assert.deepStrictEqual(resolved.rule?.match, { _tag: "Pattern", regex: "gpt-.*" })
    assert.deepStrictEqual(resolved.fallbacks, [{ upstream: "ollama", model: "qwen3" }])
    assert.deepStrictEqual(resolve("sonnet").fallbacks, [small])
  })

  it("stands for the default when it is empty", () => {
    assert.deepStrictEqual(resolve("").route, { upstream: "ollama", model: "" })
    assert.isUndefined(resolve("").rule)
  })

  it("is refused as not found when no rule is for it, with what was probably meant", () => {
    const refused = resolveModel(planOf(), "locall")
    assert.isTrue(Result.isFailure(refused))
    if (!Result.isFailure(refused)) return
    assert.strictEqual(refused.failure.code, "MODEL_NOT_FOUND")
    assert.strictEqual(refused.failure.status.http, 404)
    assert.strictEqual(refused.failure.status.anthropic, "not_found_error")
    assert.include(refused.failure.message, 'Did you mean "local"?')
  })

  it("goes to the default or is passed on where the plan says so", () => {
    assert.deepStrictEqual(resolve("mystery", { unknown: "default" }).route, { upstream: "ollama", model: "" })
    assert.deepStrictEqual(resolve("mystery", { unknown: { upstream: "openrouter" } }).route, {
      upstream: "openrouter",
      model: "mystery"
    })
  })

  it("is listed once where a rule names it exactly", () => {
    assert.deepStrictEqual(listedModels(planOf({ default: { upstream: "ollama", model: "local" } })), ["local"])
    assert.deepStrictEqual(listedModels(planOf({ default: big })), ["local", big.model])
  })
})

describe("the aliases of the Claude families", () => {
  const rules = { rules: aliasRules({ big, small }) }
  it.each([
    "opus",
    "sonnet",
    "sonnet-4.5",
    "claude-opus-4-20250514",
    "claude-sonnet-4-5",
    "claude-3-opus-20240229",
    "claude-3-5-sonnet-latest",
    "claude-3-7-sonnet-20250219",
    "anthropic/claude-3.7-sonnet:thinking",
    "openrouter/anthropic/claude-opus-4",
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "claude-opus-4@20250514",
    "claude-sonnet-4-5[1m]",
    "claude-opus-4-1"
  ])("send %s to the big model", (name) => {
    assert.deepStrictEqual(resolve(name, rules).route, big)
  })
  it.each([
    "haiku",
    "claude-3-haiku-20240307",
    "claude-3-5-haiku-latest",
    "claude-3-5-haiku-20241022",
    "claude-haiku-4-5",
    "anthropic/claude-3.5-haiku",
    "openrouter/anthropic/claude-3-haiku",
    "anthropic.claude-3-haiku-20240307-v1:0"
  ])("send %s to the small model", (name) => {
    assert.deepStrictEqual(resolve(name, rules).route, small)
  })
  it.each(["gpt-4o", "sonnets", "my-sonnet-writer", "claude", "haiku-poems-7b", "opusdei"])(
    "leave %s alone",
    (name) => {
      assert.isTrue(Result.isFailure(resolveModel(planOf(rules), name)))
    }
  )
})
