/**
 * How many tokens models take at once, question and answer together, by their names. What vendors publish, rather too low
 * where it depends on the plan or on who runs the model.
 */

const windows: ReadonlyArray<readonly [model: RegExp, tokens: number]> = [
  [/claude-(?:instant|2\.0)/, 100_000],
  [/claude|(?:^|\/)(?:opus|sonnet|haiku)/, 200_000],
  [/gpt-5/, 400_000],
  [/gpt-4\.1/, 1_000_000],
  [/gpt-4o|gpt-4-turbo|gpt-4\.5|gpt-oss/, 128_000],
  [/gpt-4-32k/, 32_000],
  [/gpt-4/, 8192],
  [/gpt-3\.5/, 16_000],
  [/(?:^|\/)(?:o[134]|codex)/, 200_000],
  [/gemini/, 1_000_000],
  [/llama-?4/, 128_000],
  [/llama-?3[.-][1-9]/, 128_000],
  [/llama/, 8192],
  [/qwen-?3|qwen-?2\.5|qwq/, 32_000],
  [/deepseek/, 64_000],
  [/mi[sx]tral|devstral|magistral|codestral/, 32_000],
  [/kimi|glm-/, 128_000]
]

/** The window of a model, whoever offers it; `undefined` where its name says nothing. A provider may give it less. */
export const contextWindowOf = (model: string): number | undefined => {
  const name = model.toLowerCase()
  return windows.find(([pattern]) => pattern.test(name))?.[1]
}
