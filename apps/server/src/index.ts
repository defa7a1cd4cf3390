export { SignalboxServer } from "./SignalboxServer.ts"
export { ControlApi } from "./control/ControlApi.ts"
export { ControlServer } from "./control/ControlServer.ts"
export { BodyTooLarge, OriginRefused, PortInUse, RouteNotFound, serverErrors, UnsafeBind } from "./errors.ts"
