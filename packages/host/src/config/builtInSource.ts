/** The source of the built-in tools in names (`builtin__Read`), in lists of servers, and in rules. No server may have it. */
export const builtInSource = "builtin"
