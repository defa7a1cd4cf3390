/**
 * What the built-in tools need of Node beyond Effect's own services.
 */
export { layerDirectFiles } from "./directFiles.ts"
export { layerWebAccess, pinned } from "./webAccess.ts"
