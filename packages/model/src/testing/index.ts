export { scriptedModel, type ScriptedModel, type ScriptedReply } from "./ScriptedModel.ts"
