/**
 * A word as a shell reads it back.
 */

/** Puts what a shell would take apart or replace into quotes. Use it for names in commands that a person is told to type. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
