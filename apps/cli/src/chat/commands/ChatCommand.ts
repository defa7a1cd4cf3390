/**
 * What can be typed after a slash in a chat. A command is one entry of the table in `chatCommands.ts`.
 */
import type { SignalboxError } from "@signalbox/errors"
import type { keptStores, userFileChanges } from "@signalbox/host/node"
import type { Effect, Scope } from "effect"
import type { Output } from "../../Output.ts"
import type { Setting } from "../../Setting.ts"
import type { Chat } from "../Chat.ts"
import type { TurnMessage } from "../runOneTurn.ts"

/** What came of a command. */
export interface CommandAnswer {
  /** What `--json` shows. */
  readonly data: unknown
  /** What a person reads. */
  readonly text: string
  readonly next?: { readonly _tag: "Leave" } | { readonly _tag: "Send"; readonly message: TurnMessage }
}

/** What commands may use. */
export type CommandNeeds =
  | Output
  | Setting
  | Exclude<Effect.Services<ReturnType<typeof userFileChanges | typeof keptStores>>, Scope.Scope>

export interface ChatCommand {
  readonly name: string
  /** As it is shown behind the name: `[WORD]`. */
  readonly parameters: string
  /** One line. */
  readonly summary: string
  /** What may stand behind the name, for the Tab key. */
  readonly complete?: (chat: Chat, begun: string) => Effect.Effect<ReadonlyArray<string>>
  readonly run: (chat: Chat, argument: string) => Effect.Effect<CommandAnswer, SignalboxError, CommandNeeds>
}
