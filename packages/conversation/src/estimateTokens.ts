/** How many tokens a text has, roughly and at no cost: four characters count as one. For limits that are no promises to a provider. */

/** Characters of one token. */
export const charactersPerToken = 4

/** How many tokens so many characters are. */
export const estimateTokens = ({ length }: Pick<string, "length">): number => Math.ceil(length / charactersPerToken)
