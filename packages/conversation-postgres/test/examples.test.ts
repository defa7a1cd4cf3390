import { testExamples } from "@signalbox/tooling/examples"
import { join } from "node:path"
import { describeDatabase, serverUrl } from "./support.ts"

describeDatabase("this package's", () => {
  process.env["DATABASE_URL"] = serverUrl
  testExamples(join(import.meta.dirname, ".."))
})
