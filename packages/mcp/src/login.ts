// Logging a person in to a server, and out again. A subpath, because it loads the protocol client: see `handshake.ts`.
export type { AuthorizationPrompt } from "./auth/AuthorizationPrompt.ts"
export { authorize, type Authorized } from "./auth/authorize.ts"
export { authorizing } from "./auth/authorizing.ts"
export { forgetLogin, type Forgotten } from "./auth/forgetLogin.ts"
