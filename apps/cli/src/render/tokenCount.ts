/** A number of tokens for people: `987`, `12,345`. */
export const tokenCount = (tokens: number): string => tokens.toLocaleString("en-US")
