/** A model that asks for a tool and then talks about its result, without a key and without the internet. */
import { startFxLlm } from "@signalbox/testing"

const fxLlm = await startFxLlm({
  script: [
    { text: "I will add them.", toolCalls: [{ name: "add", input: { a: 1, b: 2 } }] },
    { when: { hasToolResults: true }, reply: { text: "The sum is {{lastToolResult}}." } }
  ]
})

const ask = async (messages: ReadonlyArray<object>): Promise<string> => {
  const body = JSON.stringify({ model: "any", max_tokens: 100, messages })
  const response = await fetch(`${fxLlm.url}/v1/messages`, { method: "POST", body })
  const { content } = (await response.json()) as { readonly content: ReadonlyArray<unknown> }
  return JSON.stringify(content.at(-1))
}

const question = { role: "user", content: "What is 1 + 2?" }
const result = { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: "3" }] }

process.stdout.write(`${await ask([question])}\n`)
// => {"type":"tool_use","id":"toolu_fx00000000000000010001","name":"add","input":{"a":1,"b":2}}
process.stdout.write(`${await ask([question, { role: "assistant", content: [] }, result])}\n`)
// => {"type":"text","text":"The sum is 3."}
process.stdout.write(`${fxLlm.requests.length} requests, the first said: ${fxLlm.requests[0]?.lastUserText}\n`)
// => 2 requests, the first said: What is 1 + 2?
await fxLlm.close()
