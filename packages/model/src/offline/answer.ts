/**
 * The next reply in a conversation: calls for the next part of what was asked, a question, or the final text.
 */
import type { DateTime } from "effect"
import type { JsonObject } from "../ContentBlock.ts"
import type { ModelRequest } from "../Message.ts"
import { readAddress } from "./address.ts"
import type { Catalogue, PreparedTool } from "./catalogue.ts"
import { type Answer, question, readConversation, type Step } from "./conversation.ts"
import { capabilities, howToConnect, nothingFits, smallTalk } from "./dialogue.ts"
import { fill } from "./fill.ts"
import { refersBack } from "./fillText.ts"
import { literalsOf, standsApart } from "./literals.ts"
import { coerce } from "./coerce.ts"
import type { Parameter, Role } from "./parameters.ts"
import { type Plan, planRequest, type PlanOptions } from "./plan.ts"
import { readBack } from "./readBack.ts"
import { splitRequests } from "./split.ts"
import { understand, type Understood } from "./understand.ts"

export interface Response {
  readonly text: string
  readonly calls: ReadonlyArray<{ readonly name: string; readonly input: JsonObject }>
}

const say = (...texts: ReadonlyArray<string>): Response => ({
  text: texts.filter((text) => text !== "").join("\n\n"),
  calls: []
})

const findTool = (catalogue: Catalogue, name: string): PreparedTool | undefined =>
  catalogue.tools.find(({ tool }) => tool.name === name)

/** Roles whose value is said in a few words, all of which count. */
const briefRoles: ReadonlySet<Role> = new Set(["number", "boolean", "choice", "date"])

/** A list whose members can be said one after another. */
const isPlainList = ({ items, role }: Parameter): boolean => role === "list" && items?.role !== "object"

/** The value in an answer to a question for one parameter. */
const valueOf = (tool: PreparedTool, parameter: Parameter, text: string, now: DateTime.Utc): unknown => {
  const fromCommand = () => fill(tool.tool, [parameter], understand(text), { now }).input[parameter.name]
  if (parameter.role === "list" || parameter.role === "object")
    return fromCommand() ?? coerce(parameter, isPlainList(parameter) ? text : undefined)
  const literals = literalsOf(text).filter(standsApart)
  const [only] = literals
  const fitted = only === undefined || literals.length > 1 ? undefined : coerce(parameter, only.value)
  if (fitted !== undefined) return fitted
  if (briefRoles.has(parameter.role)) return coerce(parameter, text.replace(/[.!]+$/, "")) ?? fromCommand()
  return coerce(
    parameter,
    text.replace(/^(?:use|it is|it's|its|call it|name it|make it|to)\s+/i, "").replace(/(?<=\w)[.!]$/, "")
  )
}

/** Plans one part, with the answers to questions that were asked about it. */
const planPart = (catalogue: Catalogue, part: string, answers: Array<Answer>, options: PlanOptions): Plan => {
  const given = new Map<string, unknown>()
  let tool = options.tool
  for (;;) {
    const plan = planRequest(catalogue, part, { ...options, tool, answers: given })
    const [next] = answers
    if (plan._tag !== "Ask" || next === undefined) return plan
    // What was asked is known from the question itself: the tool stays, even if the words alone now say another.
    const asked = findTool(catalogue, next.tool) ?? plan.tool
    const parameter = asked.parameters.find(({ name }) => name === next.argument)
    const value = parameter === undefined ? undefined : valueOf(asked, parameter, next.text, options.now)
    answers.shift()
    if (parameter === undefined) continue
    tool = asked.tool.name
    if (value !== undefined) given.set(parameter.name, value)
  }
}

const askFor = (tool: PreparedTool, parameter: Parameter): string => {
  const hint = parameter.description.split(/(?<=[.!?])\s|\n/)[0] ?? ""
  const choices = parameter.choices.length > 0 ? ` One of: ${parameter.choices.join(", ")}.` : ""
  const what = hint === "" || hint.length > 140 ? "" : ` (${hint.replace(/\.$/, "")})`
  return `I would use ${tool.tool.name}, but "${parameter.name}"${what} is missing.${choices} ${question(parameter.name, tool.tool.name)}`
}

const announce = (calls: Response["calls"]): string => {
  const names = [...new Set(calls.map(({ name }) => name))]
  return `I'll use ${names.join(" and ")}.`
}

interface Work {
  readonly parts: ReadonlyArray<string>
  readonly answers: Array<Answer>
  readonly steps: ReadonlyArray<Step>
  readonly earlier: string | undefined
  readonly options: PlanOptions
}

/** Goes through the parts: those already done are counted off, the first open one is acted upon. */
const work = (catalogue: Catalogue, { answers, earlier, options, parts, steps }: Work): Response => {
  const notes: Array<string> = []
  let done = 0
  for (const part of parts) {
    const before = done === 0 ? undefined : steps[done - 1]
    if (before?.isError === true && refersBack(part)) {
      notes.push(`I did not go on with "${part}", because the step before it failed.`)
      break
    }
    const plan = planPart(catalogue, part, answers, { ...options, previous: before?.text ?? earlier })
    switch (plan._tag) {
      case "Nothing":
        notes.push(nothingFits(part, plan.nearest))
        break
      case "Ask":
        return say(readBack(steps), ...notes, askFor(plan.tool, plan.parameter))
      case "Call": {
        const open = plan.inputs.slice(Math.max(0, steps.length - done))
        done += plan.inputs.length
        if (open.length === 0) break
        const calls = open.map((input) => ({ name: plan.tool.tool.name, input }))
        return { text: announce(calls), calls }
      }
    }
  }
  return say(readBack(steps), ...notes)
}

const beginsWithVerb = ({ literals, stems, verb }: Understood): boolean =>
  verb !== undefined && stems[0] === verb && stems.length + literals.length >= 2

/** A text is a command of its own, not an answer, when it plainly leads to a complete call. */
const isNewCommand = (catalogue: Catalogue, text: string, now: DateTime.Utc): boolean => {
  if (text.length > maxCharacters) return false
  if (smallTalk(text, catalogue) !== undefined) return true
  const request = understand(text)
  const addressed = readAddress(catalogue, request)
  if (!beginsWithVerb(request) && addressed.at?.start !== 0) return false
  return planRequest(catalogue, text, { now })._tag === "Call"
}

/** Rules read a text many times over; a longer one would take too long, and half a text must not be acted upon. */
const maxCharacters = 8000
/** Made when it is said: the first number in a language's own form costs 10 ms, which every program would pay. */
const tooLong = () =>
  `This is too long for me: I read up to ${maxCharacters.toLocaleString("en")} characters. ${howToConnect}`

/** More steps than this are more likely a text than commands. */
const maxParts = 12
const tooMany = `These are more steps than I do at once: up to ${maxParts}. ${howToConnect}`

/** What is said where there is nothing to do: no command, too long a one, or a greeting. */
const sayOnly = (catalogue: Catalogue, command: string, steps: ReadonlyArray<Step>): Response | undefined => {
  if (command === "") return say(steps.length > 0 ? readBack(steps) : capabilities(catalogue))
  if (command.length > maxCharacters) return say(tooLong())
  const talk = steps.length > 0 ? undefined : smallTalk(command, catalogue)
  return talk === undefined ? undefined : say(talk)
}

/** The reply to a conversation as it stands. */
export const answer = (catalogue: Catalogue, request: ModelRequest, now: DateTime.Utc): Response => {
  const { answers, command, earlier, steps } = readConversation(request.messages, (text) =>
    isNewCommand(catalogue, text, now)
  )
  const said = sayOnly(catalogue, command, steps)
  if (said !== undefined) return said
  // The choice of a tool holds for the first step alone, else no turn would end.
  const choice = steps.length > 0 ? undefined : request.toolChoice
  const tool = choice?.type === "tool" ? choice.name : undefined
  const parts = tool === undefined ? splitRequests(command) : [command]
  if (parts.length > maxParts) return say(tooMany)
  return work(catalogue, {
    parts,
    answers: [...answers],
    steps,
    earlier,
    options: { now, mustCall: choice?.type === "any", tool }
  })
}
