/**
 * What the user of this machine approved for good, whatever the configuration.
 */
import { join } from "node:path"
import { Effect } from "effect"
import { approvalFile } from "../approvals/approvalFile.ts"
import { approvalsFile } from "../approvals/Approvals.ts"
import { dataDirectory } from "./dataDirectory.ts"

/** The file of it. Needs `nodePlatform`. */
export const userApprovals = Effect.suspend(() => approvalFile(join(dataDirectory(), approvalsFile)))
