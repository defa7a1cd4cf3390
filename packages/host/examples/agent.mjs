import { createClient } from "@signalbox/host/node"

// "planner" has one server, of which it may call two tools; nothing else is started.
const planner = await createClient({ config: `${import.meta.dirname}/signalbox.yaml`, agent: "planner" })
try {
  console.log((await planner.tools()).map(({ name }) => name).join(" "))
  // => echo get-sum

  const refused = await planner.callTool("get-env", {})
  console.log(refused.status, refused.error_code)
  // => failed TOOL_NOT_FOUND

  const answer = await planner.ask('echo "to the platform"')
  console.log(answer.data.steps[0].calls[0].name, answer.data.finishReason)
  // => echo end_turn
} finally {
  await planner.close()
}
