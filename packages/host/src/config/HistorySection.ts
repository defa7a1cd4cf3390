/** Where and how conversations are kept. */
import { Redacted, Schema } from "effect"
import type { ConfigPath } from "./document.ts"
import type { FoundProblem } from "./layers.ts"
import { ApiKey, Limit, PositiveDuration, PositiveInt } from "./schemas.ts"
import { notSet, resolveKey, unsetVariables } from "./secrets.ts"

/** The section `history`. */
export const HistorySection = Schema.Struct({
  store: Schema.Literals(["files", "postgres"]),
  folder: Schema.String,
  durability: Schema.Literals(["fsync", "flush"]),
  strict: Schema.Boolean,
  maxMessages: Limit(PositiveInt),
  maxAge: Limit(PositiveDuration),
  postgres: Schema.Struct({
    // An address may have a password in it.
    url: ApiKey,
    connections: PositiveInt
  })
})

type History = typeof HistorySection.Type
type Environment = Readonly<Record<string, string | undefined>>

const urlPath: ConfigPath = ["history", "postgres", "url"]

/** The database that the configuration wants; nothing where it wants none. Its problems say why there is none to be had. */
export const historyDatabase = (
  { postgres, store }: History,
  environment: Environment
): { readonly url?: Redacted.Redacted; readonly problems: ReadonlyArray<FoundProblem> } => {
  if (store !== "postgres") return { problems: [] }
  const url = resolveKey(postgres.url, environment)
  if (url !== undefined && /^postgres(?:ql)?:\/\//.test(Redacted.value(url))) return { url, problems: [] }
  const unset = unsetVariables(postgres.url, environment)
  return {
    problems: [
      {
        path: urlPath,
        message:
          unset.length > 0
            ? notSet(unset)
            : url === undefined
              ? "history.store is postgres, and there is no address of a database"
              : "it is no address of a PostgreSQL database",
        suggestion:
          "write postgres://USER@HOST:PORT/DATABASE with the password, best as env:DATABASE_URL; or set store to files"
      }
    ]
  }
}
