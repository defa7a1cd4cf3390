/** The section `history` of the complete configuration file. */

/** The lines, as they stand in the file. */
export const historyTemplate = `# Conversations with a name (signalbox chat --session NAME) outlive the program.
history:
  # Where: files (each conversation has one, for the programs of this machine), or postgres (a database, for those of many).
  store: files
  # The folder of the files: auto (the data folder of the user), a folder, or "" for nowhere. Relative to this file.
  folder: auto
  # fsync: what was said is kept even if the power fails; flush: only if a program ends.
  durability: fsync
  # Whether to refuse a conversation with records that cannot be read. Else they are set aside, in <file>.rejected, or
  # left out.
  strict: false
  # How much of it the model is shown: so many of the newest records, and nothing older. unlimited, or a number and a time.
  maxMessages: unlimited
  maxAge: unlimited
  # The database, which makes its tables itself. Only for store: postgres.
  postgres:
    # postgres://USER:PASSWORD@HOST:PORT/DATABASE, best as env:NAME; ?sslmode=require for TLS.
    url: ""
    # Connections at the same time; one more holds the turns that run.
    connections: 10
`
