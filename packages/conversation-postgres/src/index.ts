// Conversations in PostgreSQL
export { layerPostgres, makePostgresStores, type PostgresStores } from "./layerPostgres.ts"
export type { PostgresOptions } from "./PostgresOptions.ts"

// Before there are any
export { checkPostgres, type PostgresCheck } from "./checkPostgres.ts"
