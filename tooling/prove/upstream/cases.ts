/**
 * A fault is met in many ways: by what the upstream speaks, by which of our APIs is asked, and streamed or whole.
 */
import { type Fault, faults } from "./faults.ts"

/** What an upstream speaks; `handed on` is an upstream of the Messages API whose bytes are not read. */
export const upstreams = ["claude", "handed on", "chat", "responses"] as const
export type Upstream = (typeof upstreams)[number]

/** Our APIs. */
export const apis = ["messages", "chat", "responses"] as const
export type Api = (typeof apis)[number]

export const forms = ["streamed", "whole"] as const
export type Form = (typeof forms)[number]

/** One way to meet a fault. */
export interface Case {
  readonly fault: Fault
  readonly upstream: Upstream
  readonly api: Api
  readonly form: Form
}

/** Only of a stream can a part be read slowly. Responses says all of a long text four times more in its last events. */
const canBeSlow = ({ api, form, upstream }: Case): boolean =>
  form === "streamed" && api !== "responses" && upstream !== "responses"

/** Only requests of the Messages API are handed on. */
const mayHappen = (one: Case): boolean =>
  (one.upstream !== "handed on" || one.api === "messages") && (!one.fault.isClientSlow || canBeSlow(one))

/** All of them, fault by fault. */
export const allCases: ReadonlyArray<Case> = faults.flatMap((fault) =>
  apis.flatMap((api) =>
    forms.flatMap((form) => upstreams.map((upstream) => ({ fault, upstream, api, form })).filter(mayHappen))
  )
)

/** Whether nobody here reads what is wrong with the answer: it is the upstream's own. */
export const passesUnread = ({ fault, form, upstream }: Case): boolean =>
  upstream === "handed on" && fault.passes.includes(form)

/** For messages to people, and in the request, by which its answer is chosen. */
export const nameOf = ({ api, fault, form, upstream }: Case): string => `<${fault.name}> ${upstream}, ${api}, ${form}`
