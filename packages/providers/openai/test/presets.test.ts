import { assert, describe, it } from "@effect/vitest"
import { askFor } from "@signalbox/model/testing"
import { type OpenAiPreset, openAiPresets } from "@signalbox/provider-openai"
import { Effect, Redacted } from "effect"
import { key, withUpstream } from "./support.ts"

const bearer = { authorization: `Bearer ${key}` }

/** Where the first request of each preset goes, with which key from which variable. */
const expected: Readonly<
  Record<keyof typeof openAiPresets, readonly [path: string, variable: string | undefined, headers: object]>
> = {
  openai: ["/v1/chat/completions", "OPENAI_API_KEY", bearer],
  openrouter: ["/api/v1/chat/completions", "OPENROUTER_API_KEY", { ...bearer, "x-openrouter-title": "Signalbox" }],
  ollama: ["/v1/chat/completions", undefined, {}],
  vllm: ["/v1/chat/completions", undefined, {}],
  llamacpp: ["/v1/chat/completions", undefined, {}],
  lmstudio: ["/v1/chat/completions", undefined, {}],
  groq: ["/openai/v1/chat/completions", "GROQ_API_KEY", bearer],
  azure: [
    "/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21",
    "AZURE_OPENAI_API_KEY",
    { "api-key": key }
  ],
  gemini: ["/v1beta/openai/chat/completions", "GEMINI_API_KEY", bearer],
  mistral: ["/v1/chat/completions", "MISTRAL_API_KEY", bearer],
  deepseek: ["/chat/completions", "DEEPSEEK_API_KEY", bearer]
}

/** The preset at another place, under the same path. */
const pathOf = ({ baseUrl }: OpenAiPreset): string => new URL(baseUrl).pathname.replace(/\/$/, "")

describe("Presets", () => {
  it("are known by the name that they have in errors", () => {
    assert.deepStrictEqual(
      Object.entries(openAiPresets).map(([name, preset]) => [name, preset.provider]),
      Object.keys(expected).map((name) => [name, name])
    )
  })

  for (const [name, preset] of Object.entries<OpenAiPreset>(openAiPresets)) {
    const [path, variable, headers] = Object.entries(expected).find(([each]) => each === name)?.[1] ?? ["", "", {}]
    const { baseUrl: _baseUrl, ...options } = preset
    it.live(`ask ${preset.title} at its path, with its key in its header`, () =>
      withUpstream(
        { text: "hi" },
        (model, upstream) =>
          Effect.gen(function* () {
            yield* model.generate(askFor("hello", { model: "my gpt" }))
            const [seen] = upstream.requests
            assert.strictEqual(seen?.path, path)
            assert.strictEqual(preset.keyVariable, variable)
            const sent = Object.fromEntries(
              ["authorization", "api-key", "x-openrouter-title"].flatMap((each) => {
                const value = seen?.headers[each]
                return value === undefined ? [] : [[each, value]]
              })
            )
            assert.deepStrictEqual(sent, headers)
          }),
        { ...options, apiKey: preset.keyVariable === undefined ? undefined : Redacted.make(`${key}\n`) },
        pathOf(preset)
      )
    )
  }
})
