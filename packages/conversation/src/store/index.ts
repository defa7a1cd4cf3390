// What a store of your own is made of: two verbs give all others
export { eventVerbs, type StoreParts } from "../events/eventVerbs.ts"
export { EventLog, isRewind } from "../events/EventLog.ts"
export { lineAt, makePrepare, type PreparedEvent } from "../events/prepareEvents.ts"
export { digestText } from "./digestText.ts"
export { makeOpenConversations, type OpenConversations, type OpenConversationsOptions } from "./openConversations.ts"
export { makeTurnQueue, type TurnQueue, turnTimeout } from "../events/turnQueue.ts"
