export { MessagesServer, type ServerOptions } from "./MessagesServer.ts"
export { BodyTooLarge, OriginRefused, PortInUse, RouteNotFound, serverErrors, UnsafeBind } from "./errors.ts"
