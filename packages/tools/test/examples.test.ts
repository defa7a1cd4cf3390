import { testExamples } from "@signalbox/tooling/examples"
import { dirname } from "node:path"

testExamples(dirname(import.meta.dirname))
