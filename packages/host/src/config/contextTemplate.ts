/** The section `conversation.context` of the complete configuration file. */

/** The lines, indented as they stand in the file. */
export const contextTemplate = `  # What becomes of a conversation that is longer than its model takes. Requests to signalbox serve are sent as they are:
  # their clients shorten them themselves. Limits of results and tools hold for both.
  context:
    # Tokens that the model takes, question and answer together: a number, or auto: contextWindow of its provider, else
    # what is known of the model by its name, else 32000.
    window: auto
    # Of these, kept free for the answer (at most half of them).
    reserveTokens: 8192
    # So many of the newest messages stay; where they are too much alone, the longest results of tools lose their middle.
    preserveRecent: 5
    # What happens when there is no more room: trim (the oldest messages are not sent), summary (a model writes one in place
    # of the oldest turns, once 4/5 are full; trim where that fails), send (all is sent, and the model may refuse it).
    whenFull: trim
    summary:
      # Who writes it: provider/model, or "" for the model of the conversation.
      model: ""
      maxTokens: 2000
    # The longest result of one tool call, in tokens (estimated: four characters are one), and never more than a quarter of
    # the window. Of a longer one the model is shown both ends, and gets a tool to read the rest, which is kept with the
    # conversation (history.folder). Or unlimited.
    maxResultTokens: 16000
    # When the definitions of the tools of your servers are longer, in tokens (estimated): the model gets one tool that finds
    # others, and those it has found from then on. Or unlimited. Pinned tools are always there, such as ["read_*"].
    toolTokenBudget: 20000
    pinnedTools: []
`
