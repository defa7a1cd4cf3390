/**
 * A client gets the models that its key allows, and no others.
 */
import { Effect } from "effect"
import { type Client, mayAsk } from "../clients/Client.ts"
import { ModelNotAllowed } from "../clients/errors.ts"

/** Fails where the key of a client does not allow a model. */
export const requireModel = (client: Client, model: string): Effect.Effect<void, ModelNotAllowed> =>
  mayAsk(client, model) ? Effect.void : Effect.fail(new ModelNotAllowed({ client: client.name, model }))
