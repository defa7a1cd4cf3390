/** The sections of `conversation` that say what a project brings along. */

/** The lines, indented as they stand in the file. */
export const rulesTemplate = `  # Prompts of yours: each Markdown file (*.md) in these folders is a command of its name, sent by /NAME in chat; see them with
  # signalbox prompts list. Where two have one name, the earlier folder wins. Relative to this file; ~ is your home. [] for none.
  promptCommands:
    folders: [.signalbox/commands, ~/.signalbox/commands]
`
