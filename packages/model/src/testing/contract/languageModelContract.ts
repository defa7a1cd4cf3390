/**
 * What every `LanguageModel` over a network does, as data: a provider's own test runs one test for each entry.
 * It is run over real connections, so it needs a real clock.
 */
import { answers } from "./answers.ts"
import type { ContractCase, ContractSubject } from "./ContractSubject.ts"
import { failures } from "./failures.ts"
import { requests } from "./requests.ts"
import { stopping } from "./stopping.ts"

/**
 * The contract of language models, for the test of a provider:
 * `for (const { name, check } of languageModelContract(subject)) it.live(name, () => check)`.
 */
export const languageModelContract = (subject: ContractSubject): ReadonlyArray<ContractCase> => [
  ...answers(subject),
  ...requests(subject),
  ...stopping(subject),
  ...failures(subject)
]
