/** What the offline model is known to get wrong, with what it does instead. */
export const knownMisses: ReadonlyArray<{ readonly sentence: string; readonly got: string }> = [
  { sentence: "press Enter", got: 'browser_click {"target":"Enter"}' },
  { sentence: 'search notion for "Meeting notes"', got: 'search_nodes {"query":"Meeting notes"}' },
  { sentence: "hover over the element #menu", got: "asks for target of browser_hover" }
]
