import { createClient } from "@signalbox/host/node"

const client = await createClient({ config: `${import.meta.dirname}/signalbox.yaml` })
try {
  const sum = await client.callTool("get-sum", { a: 2, b: 3 })
  console.log(sum.status, sum.data.content[0].text)
  // => success The sum of 2 and 3 is 5.

  const answer = await client.ask('echo "hello there"')
  console.log(answer.data.steps[0].calls[0].name, answer.data.finishReason)
  // => echo end_turn
} finally {
  await client.close()
}
