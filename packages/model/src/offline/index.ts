export { offlineModel, type OfflineModelOptions } from "./offlineModel.ts"
