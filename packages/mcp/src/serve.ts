/**
 * The other direction: tools of this program for MCP clients, in every protocol era, over standard input and output or HTTP.
 */
export { type HttpFace, type HttpFaceOptions, makeHttpFace } from "./serve/httpFace.ts"
export type { ServedAnswer, ServedCall, ServedResult, ServedTool, ServedTools } from "./serve/ServedTools.ts"
export { serveOverStdio, type StdioFaceOptions } from "./serve/stdioFace.ts"
