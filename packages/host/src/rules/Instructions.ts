/**
 * The instructions of a project as a part of the system prompt: files such as AGENTS.md, with the files that they name by
 * `@path`, up to a length. Of what is too long the nearest files are kept, and what was cut says so.
 */
import { fileTrouble } from "@signalbox/errors"
import { Effect, FileSystem, Path } from "effect"
import type { LoadedConfig } from "../config/ConfigFile.ts"
import { type FileIncludes, fileText } from "./FileIncludes.ts"
import { findInstructions, type InstructionFile } from "./instructionFiles.ts"

/** What a model is told of the project, as the files are now. */
export interface Instructions {
  /** For the system prompt; `undefined` where there are none. */
  readonly text: string | undefined
  /** The files, as a person knows them, the nearest last. */
  readonly files: ReadonlyArray<string>
  /** Sentences about what was cut, or passed over. */
  readonly notes: ReadonlyArray<string>
}

/** How far files may name others that name others. */
const maxDepth = 5

/** Fenced blocks and code in a line, which name nothing. */
const code = /^(```+|~~~+)[^\n]*\n[\s\S]*?^\1[ \t]*$|`[^`\n]*`/gm

const mention = /(?<![\w@/.`])@([\w./~-]+)/g

/** The files that a text names. Whether there is one of that name is for others to find out. */
const mentioned = (text: string): ReadonlyArray<string> => {
  const named = Array.from(text.replace(code, "").matchAll(mention), ([, path = ""]) => path.replace(/[.]+$/, ""))
  return [...new Set(named)].filter((path) => path !== "")
}

interface Read {
  readonly label: string
  readonly text: string
}

/** A file and what it names, each file once. */
const readOne = Effect.fnUntraced(function* (includes: FileIncludes, { label, path: file }: InstructionFile) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const seen = new Set([file])
  const parts: Array<string> = []
  const notes: Array<string> = []

  const follow: (text: string, folder: string, depth: number) => Effect.Effect<void> = Effect.fnUntraced(
    function* (text, folder, depth) {
      for (const name of mentioned(text)) {
        const included = yield* includes.read(name, folder)
        if (included._tag === "Missing") continue
        if (included._tag === "Refused") {
          parts.push(`[@${name} is not included: ${included.reason}]`)
          notes.push(`@${name}, which ${label} names, is not included: ${included.reason}`)
        } else if (!seen.has(included.real)) {
          seen.add(included.real)
          parts.push(fileText(name, included.text))
          if (depth < maxDepth) yield* follow(included.text, path.dirname(included.real), depth + 1)
        }
      }
    }
  )

  const text = yield* fs.readFileString(file)
  parts.push(text.replace(/^\uFEFF/, "").trim())
  yield* follow(text, path.dirname(file), 1)
  return { label, text: parts.join("\n\n"), notes }
})

/** Not in the middle of a character. */
const start = (text: string, length: number): string => text.slice(0, length).replace(/[\uD800-\uDBFF]$/, "")

/** The texts within a length, the nearest first served. */
const fit = (read: ReadonlyArray<Read>, maxCharacters: number) => {
  let room = maxCharacters
  const cut: Array<string> = []
  const fitted = read
    .toReversed()
    .map(({ label, text }) => {
      const taken = Math.min(room, text.length)
      room -= taken
      if (taken === text.length) return { label, text }
      cut.push(
        `${label} is cut: with what it names it has ${text.length} characters, and there is room for ${taken} (conversation.instructions.maxCharacters).`
      )
      return { label, text: `${start(text, taken)}\n[… cut: ${taken} of ${text.length} characters …]` }
    })
    .toReversed()
  return { fitted, cut }
}

const introduction =
  "Instructions of the user and of the project. Where two contradict each other, the later one counts."

/** Reads them. */
export const readInstructions = Effect.fn("readInstructions")(function* (
  config: Pick<LoadedConfig, "directory" | "options">,
  environment: Readonly<Record<string, string | undefined>>,
  includes: FileIncludes
) {
  const { files, notes } = yield* findInstructions(config, environment)
  const told = [...notes]
  const read = yield* Effect.forEach(files, (file) =>
    Effect.catch(readOne(includes, file), (error) => {
      told.push(`${file.label} cannot be read: ${fileTrouble(error)}`)
      return Effect.undefined
    })
  )
  const texts: ReadonlyArray<Read> = read.flatMap((one) => {
    if (one === undefined || one.text === "") return []
    told.push(...one.notes)
    return [one]
  })
  const { cut, fitted } = fit(texts, config.options.conversation.instructions.maxCharacters)
  const sections = fitted.map(({ label, text }) => `<instructions from="${label}">\n${text}\n</instructions>`)
  return {
    text: sections.length === 0 ? undefined : [introduction, ...sections].join("\n\n"),
    files: texts.map(({ label }) => label),
    notes: [...told, ...cut]
  } satisfies Instructions
})
