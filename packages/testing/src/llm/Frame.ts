/** One write to a streamed answer. */
export interface Frame {
  readonly text: string
  /** Content that holds and faults count; opening and closing events are not. */
  readonly isPiece: boolean
}
