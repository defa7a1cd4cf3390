/**
 * Notices that a call shows no sign of life. Progress is one; while a question of the call is open it is we who
 * are slow, and the time does not run.
 */

/** The timer of one call. */
export interface IdleTimer {
  /** Begins anew. */
  readonly touch: () => void
  /** Stops the time until `resume` has been called as often. */
  readonly pause: () => void
  readonly resume: () => void
  readonly stop: () => void
}

/** Starts a timer, which calls back once, after so many milliseconds without a sign. */
export const startIdleTimer = (milliseconds: number, onIdle: () => void): IdleTimer => {
  let pauses = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const stop = () => {
    clearTimeout(timer)
    timer = undefined
  }
  const start = () => {
    stop()
    if (pauses === 0) timer = setTimeout(onIdle, milliseconds)
  }
  start()
  return {
    touch: start,
    pause: () => {
      pauses += 1
      stop()
    },
    resume: () => {
      pauses -= 1
      start()
    },
    stop
  }
}
