/**
 * A server of another program in the words of `signalbox.yaml`: what the importers of all formats make.
 */

/** What an entry may say beside how its server is reached. The keys and texts are those of `signalbox.yaml`. */
export interface ImportedOverrides {
  readonly description?: string
  readonly required?: boolean
  readonly trusted?: boolean
  readonly connectTimeout?: string
  readonly callTimeout?: string
  readonly shutdownTimeout?: string
  readonly health?: {
    readonly check: "http"
    readonly url: string
    readonly interval?: string
    readonly timeout?: string
  }
  readonly restart?: { readonly policy?: "always" | "on-failure" | "never"; readonly maxRestarts?: number }
  readonly requires?: Readonly<Record<string, string>>
  readonly tools?: { readonly allow?: ReadonlyArray<string>; readonly deny?: ReadonlyArray<string> }
}

/** A command, or a file and the runtime that runs it. */
type ImportedProgram =
  | { readonly command: string; readonly runtime?: never; readonly file?: never }
  | { readonly runtime: "python" | "node"; readonly file: string; readonly command?: never }

/** One entry, in the spelling of `signalbox.yaml`. */
export type ImportedServer =
  | ({
      readonly enabled: boolean
      readonly transport: "stdio"
      readonly args: ReadonlyArray<string>
      readonly env: Readonly<Record<string, string>>
      readonly cwd?: string
    } & ImportedProgram &
      ImportedOverrides)
  | ({
      readonly enabled: boolean
      readonly transport: "http" | "sse"
      readonly url: string
      readonly headers: Readonly<Record<string, string>>
    } & ImportedOverrides)
