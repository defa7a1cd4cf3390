export { type Client, type ClientOptions, createClient } from "./createClient.ts"
export { killOwned } from "./killOwned.ts"
export { nodeHost, nodePlatform } from "./platform.ts"
