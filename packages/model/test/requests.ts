import { type ModelRequest, textMessage } from "@signalbox/model"

/** A request that says hello, with what a test wants to be different. */
export const requestWith = (changes: Partial<ModelRequest> = {}): ModelRequest => ({
  model: "",
  system: [],
  messages: [textMessage("user", "hello")],
  tools: [],
  maxTokens: 100,
  ...changes
})
