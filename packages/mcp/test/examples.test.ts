import { testExamples } from "@signalbox/tooling/examples"
import { join } from "node:path"

testExamples(join(import.meta.dirname, ".."))
