export { type Client, type ClientOptions, createClient } from "./createClient.ts"
export { killOwned } from "./killOwned.ts"
export { nodeEnvironment, type NodeEnvironment } from "./nodeEnvironment.ts"
export { nodeHost, nodeOwner, nodePlatform } from "./platform.ts"
