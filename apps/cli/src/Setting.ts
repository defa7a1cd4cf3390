/**
 * What surrounds the program: its environment, its folder, and what the global flags said. Read once at the
 * edge; everything below gets it from here.
 */
import { Context, type Duration, type Option } from "effect"

export class Setting extends Context.Service<
  Setting,
  {
    /** The variables of the process, over those of a `.env` file here. */
    readonly environment: Readonly<Record<string, string | undefined>>
    /** The names whose values come from that file. */
    readonly dotEnvNames: ReadonlySet<string>
    readonly directory: string
    readonly configFile: Option.Option<string>
    readonly logLevel: Option.Option<string>
    readonly logFormat: Option.Option<string>
    /** How long the command may take. */
    readonly timeout: Duration.Duration | undefined
    readonly isTerminal: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean }
  }
>()("signalbox/Setting") {}
