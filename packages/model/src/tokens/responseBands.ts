/**
 * How long an answer will probably be: a table by the length of the conversation, for requests that do not say.
 * `bandedModel` makes limits of it.
 */

/** Conversations of fewer tokens than `below` get answers of about `tokens`. */
export interface ResponseBand {
  readonly below: number
  readonly tokens: number
}

/** Short questions get short answers. */
export const responseBands: ReadonlyArray<ResponseBand> = [
  { below: 100, tokens: 150 },
  { below: 500, tokens: 300 },
  { below: 1500, tokens: 500 },
  { below: Number.POSITIVE_INFINITY, tokens: 800 }
]

/** The estimate for a conversation of so many tokens. Above the last band it is that of the last. */
export const estimateResponseTokens =
  (bands: ReadonlyArray<ResponseBand>) =>
  (conversationTokens: number): number =>
    (bands.find(({ below }) => conversationTokens < below) ?? bands.at(-1))?.tokens ?? 0
