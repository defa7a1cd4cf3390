/**
 * Everything that this program can fail with.
 */
import type { ErrorClass } from "@signalbox/errors"
import { errorFamilies } from "@signalbox/host"
import { serverErrors } from "@signalbox/server"
import { cliErrors } from "./errors.ts"
import { sessionErrors } from "./sessions/errors.ts"

export const allErrors: ReadonlyArray<ErrorClass> = [...errorFamilies, ...serverErrors, ...cliErrors, ...sessionErrors]
