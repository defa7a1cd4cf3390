import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { approvalFlags, modelFlags, recordFlag } from "../flags.ts"
import { InvalidUsage } from "../errors.ts"
import { Output, renderError } from "../Output.ts"
import { report } from "../report.ts"
import { readTask } from "../run/readTask.ts"
import { runTask, type Task, type TaskEnd, tellFailure } from "../run/runTask.ts"
import { sessionNameFlag } from "../sessions/sessionName.ts"
import { turnJson } from "../chat/turnJson.ts"
import { choiceFlags, recordingOf, withHost } from "../withHost.ts"
import { withSetting } from "../withSetting.ts"

/** Why the answer is not whole, on standard error: the answer itself stands on standard output. */
const renderShortfall = ({ short }: TaskEnd) =>
  Effect.flatMap(Output, ({ errorStyle, status }) =>
    short === undefined ? Effect.void : status(renderError(short, errorStyle))
  )

export const run = Command.make(
  "run",
  {
    prompt: Argument.String("prompt").pipe(
      Argument.withDescription("What is to be done; without it and without --input, standard input"),
      Argument.variadic()
    ),
    agent: Flag.String("agent").pipe(
      Flag.withAlias("a"),
      Flag.withDescription("Who does it: an agent of the configuration (default: the host with all servers)"),
      Flag.optional
    ),
    input: Flag.String("input").pipe(
      Flag.withAlias("i"),
      Flag.withMetavar("FILE"),
      Flag.withDescription("A file that goes along behind the prompt; - for standard input"),
      Flag.optional
    ),
    session: sessionNameFlag("session", "NAME", "Keep the conversation under this name, and go on with it"),
    streamJson: Flag.Boolean("stream-json").pipe(
      Flag.withDescription(
        "Print each event as a line of JSON; the last one is result, with error where the answer is not whole, or error"
      ),
      Flag.withDefault(false)
    ),
    ...recordFlag,
    ...approvalFlags,
    ...modelFlags
  },
  ({ agent, approve, input, prompt, record, session, streamJson, yes, ...choice }) => {
    const host = withHost({
      record: recordingOf(record, agent),
      startsAll: Option.isNone(agent),
      tellsServers: true,
      flags: choiceFlags(choice),
      whenMissing: "preset"
    })
    const work = Effect.gen(function* () {
      if (streamJson && (yield* Output).isJson)
        return yield* new InvalidUsage({
          command: "signalbox run",
          reason: "--stream-json prints each event and --json one object at the end: use one of them."
        })
      const text = yield* readTask(prompt, input)
      const approvals = { approve, yes }
      const task: Task = { text, agent, session, approvals, streamsJson: streamJson }
      return yield* host(runTask(task))
    })
    return withSetting(
      work.pipe(
        report({
          render: (end) => (streamJson ? Effect.void : renderShortfall(end)),
          json: ({ result }) => turnJson(result),
          shortfall: ({ short }) => short,
          tellFailure: streamJson ? tellFailure : undefined
        })
      )
    )
  }
).pipe(
  Command.withDescription(
    "Do one task without asking anybody, for scripts: the answer on standard output, exit code 0 when it is whole"
  ),
  Command.withExamples([
    { command: 'signalbox run "summarise notes.txt"', description: "With all servers; the answer on standard output" },
    {
      command: "signalbox run --agent reviewer --input change.diff 'Review this change'",
      description: "By an agent of the configuration, about a file"
    },
    { command: "git diff | signalbox run --input - 'Write a commit message'", description: "About standard input" },
    {
      command: "signalbox run --approve 'write_file(path=out/*)' 'Write out/report.md'",
      description: "What needs approval and has none is not run: exit code 77"
    },
    {
      command: "signalbox run --record build.cassette 'Check the build'",
      description: "Recorded: signalbox replay build.cassette runs it again"
    },
    {
      command: "signalbox run --timeout 5m --stream-json 'Check the build'",
      description: "Each event as a line; exit code 4 after five minutes"
    }
  ])
)
