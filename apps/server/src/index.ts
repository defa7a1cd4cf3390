export { MessagesServer, type ServerOptions } from "./MessagesServer.ts"
export { ControlServer } from "./control/ControlServer.ts"
export { BodyTooLarge, OriginRefused, PortInUse, RouteNotFound, serverErrors, UnsafeBind } from "./errors.ts"
