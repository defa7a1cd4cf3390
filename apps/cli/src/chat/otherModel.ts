/** Another model while a chat goes on. What one may do where it cannot be had is said in words of the chat: flags are given no more. */
import { MissingApiKey } from "@signalbox/host"
import { ModelNotFound } from "@signalbox/model"
import { Effect } from "effect"
import { type Chat, modelOf } from "./Chat.ts"

/** Finds it by its name; `instead` is what to do where there is none. */
export const otherModel = (chat: Chat, name: string, instead: string) =>
  chat.host.otherModel(name, modelOf(chat).upstream).pipe(
    Effect.catchTags({
      ModelNotFound: (error) => Effect.fail(new ModelNotFound({ ...error, hint: instead })),
      MissingApiKey: (error) =>
        Effect.fail(new MissingApiKey({ ...error, hint: `Set ${error.variable} and begin the chat anew. ${instead}` }))
    })
  )
