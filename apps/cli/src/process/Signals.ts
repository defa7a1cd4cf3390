/**
 * Who gets SIGINT, SIGTERM and SIGHUP. The first one ends the program in order, unless a running turn has
 * asked for the first SIGINT; the second one kills what is left and leaves at once.
 */
import { Context, Effect } from "effect"

export class Signals extends Context.Service<
  Signals,
  {
    /**
     * Runs an effect; the first SIGINT meanwhile runs `onInterrupt` instead of ending the program. Where the program
     * has nothing else to do, say so with `isLast`: it leaves then, and the next signal does not wait for that.
     */
    readonly withInterrupt: (
      onInterrupt: () => void,
      options: { readonly isLast: boolean }
    ) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
    /** Does what the first SIGINT would do to the effect that runs, for whoever gets Ctrl-C as a key. */
    readonly interrupt: Effect.Effect<void>
  }
>()("signalbox/process/Signals") {}

/** What the process did about signals, for the main function. */
export interface SignalHandling {
  readonly service: Signals["Service"]
  /** Listens from now on. */
  readonly install: (handlers: { readonly stop: () => void; readonly kill: () => void }) => void
  /** The exit code of the signal that ended the program, if one did: 128 + its number. */
  readonly exitCode: () => number | undefined
}

const codes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

export const makeSignals = (): SignalHandling => {
  let interruptible: { readonly onInterrupt: () => void; readonly isLast: boolean } | undefined
  let received: keyof typeof codes | undefined
  /** Whether the effect that runs has taken the interrupt. */
  const interrupt = (): boolean => {
    if (interruptible === undefined) return false
    const { isLast, onInterrupt } = interruptible
    interruptible = undefined
    if (isLast) received = "SIGINT"
    onInterrupt()
    return true
  }
  return {
    service: {
      withInterrupt:
        (onInterrupt, { isLast }) =>
        (effect) =>
          Effect.acquireUseRelease(
            Effect.sync(() => {
              interruptible = { onInterrupt, isLast }
            }),
            () => effect,
            () =>
              Effect.sync(() => {
                interruptible = undefined
              })
          ),
      interrupt: Effect.sync(interrupt)
    },
    install: ({ kill, stop }) => {
      for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) {
        process.on(signal, () => {
          if (signal === "SIGINT" && interrupt()) return
          if (received !== undefined) {
            kill()
            process.exit(codes[received])
          }
          received = signal
          stop()
        })
      }
    },
    exitCode: () => (received === undefined ? undefined : codes[received])
  }
}
