import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { modelFlags } from "../flags.ts"
import { withSetting } from "../withSetting.ts"

const { apiKeyFile } = modelFlags

export const conformance = Command.make(
  "conformance",
  {
    url: Argument.String("url").pipe(
      Argument.withDescription(
        "The server, without a path; a server of this program over the offline model when none is named"
      ),
      Argument.optional
    ),
    api: Flag.Literals("api", ["messages", "chat", "responses"]).pipe(
      Flag.withDescription("Only this API"),
      Flag.optional
    ),
    model: Flag.String("model").pipe(
      Flag.withDescription("The model to ask for; every case asks it once"),
      Flag.withDefault("offline")
    ),
    apiKeyFile
  },
  ({ api, apiKeyFile: apiKey, model, url }) =>
    withSetting(
      Effect.flatMap(
        Effect.promise(() => import("../conformance/checkServer.ts")),
        ({ checkServer }) =>
          checkServer({
            url: Option.getOrUndefined(url),
            api: Option.getOrUndefined(api),
            apiKey: Option.getOrUndefined(apiKey),
            model
          })
      )
    )
).pipe(
  Command.withDescription("Ask a server of the model APIs all that clients rely upon, and say what it answers wrongly"),
  Command.withExamples([
    { command: "signalbox conformance", description: "This program itself; needs no key" },
    {
      command: "signalbox conformance http://127.0.0.1:4000 --model claude-haiku-4-5 --api messages",
      description: "Any server of the Messages API; exit code 3 when an answer is wrong"
    }
  ])
)
