import { testExamples } from "@signalbox/tooling/examples"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"

testExamples(dirname(dirname(fileURLToPath(import.meta.url))))
