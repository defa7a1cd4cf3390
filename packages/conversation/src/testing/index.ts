// What every store of conversations does
export { eventStoreContract } from "./eventStoreContract.ts"

// Records for tests
export { delta, shapeOf, userSays } from "./records.ts"
