import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { checkConfig } from "../checkConfig.ts"
import { modelFlags } from "../flags.ts"
import { choiceFlags } from "../withHost.ts"
import { withSetting } from "../withSetting.ts"

export const serve = Command.make(
  "serve",
  {
    port: Flag.Int("port").pipe(Flag.withDescription("Where to listen; 0 lets the system choose"), Flag.optional),
    check: Flag.Boolean("check").pipe(Flag.withDescription("Only check the configuration"), Flag.withDefault(false)),
    host: Flag.String("host").pipe(Flag.withDescription("The address to listen on, a loopback one"), Flag.optional),
    control: Flag.Boolean("control").pipe(
      Flag.withDescription("Answer other commands too, such as servers status; one process of a configuration can"),
      Flag.withDefault(true)
    ),
    ...modelFlags
  },
  ({ check, control: isControlled, host: address, port, ...choice }) => {
    const flags = [
      ...choiceFlags(choice),
      ...Option.toArray(port).map((value) => ({ path: ["server", "port"], value, flag: "--port" })),
      ...Option.toArray(address).map((value) => ({ path: ["server", "host"], value, flag: "--host" }))
    ]
    if (check) return withSetting(checkConfig(flags))
    const loaded = Effect.promise(() => import("../serveHttp.ts"))
    return withSetting(Effect.flatMap(loaded, ({ serveHttp }) => serveHttp({ flags, isControlled })))
  }
).pipe(
  Command.withDescription("Answer the Anthropic Messages API and run MCP tools for its clients"),
  Command.withExamples([
    { command: "signalbox serve --port 4000", description: "Then point an Anthropic SDK at http://127.0.0.1:4000" }
  ])
)
