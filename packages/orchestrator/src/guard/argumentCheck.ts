/**
 * Whether the arguments of a call fit what its server says of the tool now. A list that is remembered from an earlier run
 * may be out of date, so that this is asked when there is a connection.
 */
import { InvalidParams, type JsonObject, makeInputCheck } from "@signalbox/model"
import type { McpTool } from "@signalbox/mcp"
import type { Route } from "../Catalogue.ts"
import type { Supervisor } from "../Supervisor.ts"

/** What is wrong with the arguments of a call, or nothing. */
export type ArgumentCheck = (route: Route, input: JsonObject) => InvalidParams | undefined

/** For the tools of one server, each looked up once for each list. */
export const makeArgumentCheck = ({ tools }: Pick<Supervisor, "tools">): ArgumentCheck => {
  const check = makeInputCheck()
  let list: ReadonlyArray<McpTool> | undefined
  let schemas: ReadonlyMap<string, JsonObject> = new Map()
  return ({ toolName }, input) => {
    const now = tools()
    if (now !== list) {
      list = now
      schemas = new Map(now?.map(({ inputSchema, name }) => [name, inputSchema]))
    }
    const schema = schemas.get(toolName)
    const validationErrors = schema === undefined ? [] : check(schema, input)
    return validationErrors.length === 0 ? undefined : new InvalidParams({ toolName, validationErrors })
  }
}
