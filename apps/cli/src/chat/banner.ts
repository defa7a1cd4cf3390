/**
 * What a person is told before the first prompt: which model answers and why, and how to choose another.
 */
import type { ChosenModel } from "@signalbox/host"
import type { Style } from "../render/style.ts"

/** A few short lines about the model in use. */
export const describeModel = (chosen: ChosenModel, style: Style): string => {
  const { provider } = chosen.service
  if (provider === "offline") {
    return [
      `Model: ${style.bold("offline")} ${style.dim(`(${chosen.reason})`)}`,
      style.dim("It is no language model: it picks tools by their descriptions. For a real one"),
      style.dim("set ANTHROPIC_API_KEY, OPENAI_API_KEY or OPENROUTER_API_KEY, or start Ollama.")
    ].join("\n")
  }
  return `Model: ${style.bold(chosen.model === "" ? provider : `${provider} ${chosen.model}`)} ${style.dim(`(${chosen.reason})`)}`
}
