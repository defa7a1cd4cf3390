/** The sections of `conversation` that say what a project brings along. */

/** The lines, indented as they stand in the file. */
export const rulesTemplate = `  # What every model is told of the project, at the end of the system prompt. Requests to signalbox serve that bring their
  # whole conversation bring their own.
  instructions:
    # Looked for in each folder from the root of the repository (where .git is) down to tools.paths.cwd; the nearest counts
    # most. Of several names the first that is there. What they name as @path goes along, if the tools may read it. [] for none.
    files: [AGENTS.md]
    # Your own, before them, for all projects; ~ is your home. "" for none.
    own: ~/.signalbox/AGENTS.md
    # Of all together; the farthest are cut first, and say so.
    maxCharacters: 32768
  # Prompts of yours: each Markdown file (*.md) in these folders is a command of its name, sent by /NAME in chat; see them with
  # signalbox prompts list. Where two have one name, the earlier folder wins. Relative to this file; ~ is your home. [] for none.
  promptCommands:
    folders: [.signalbox/commands, ~/.signalbox/commands]
  # Programs of yours that are asked, in this order, before and after what happens in a conversation, that of a client of
  # signalbox serve included. Each is told by one JSON object on its input, and answers by its status (0: go on, 2: no, with
  # the reason on standard error) or with JSON on its output. They run in the folder of this file, and no shell reads them:
  #   - on: before-tool              # session-start, session-end, before-model, after-model, before-tool, after-tool, turn-end
  #     match: [Bash, "files__*"]    # optional, for tools: their names, as in the rules of approval
  #     command: [node, hooks/guard.mjs]
  #     env: { TOKEN: "env:GUARD_TOKEN" }   # optional; beyond a short list (PATH, HOME …)
  #     timeout: 10 seconds
  #     whenItFails: block           # continue: passed over, with a warning
  hooks: []
`
