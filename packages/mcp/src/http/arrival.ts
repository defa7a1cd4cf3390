/**
 * Waiting for a request to reach its server, which has to come before its cancellation: over HTTP each message travels on
 * a connection of its own, and the later one may be read first.
 */

/** After so many milliseconds a request is at the server, or never will be. */
const longestWay = 500

/** Resolves when `arrived` has settled, or when there is nothing to wait for any more. */
export const arrival = (arrived: Promise<unknown>): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, longestWay)
    const done = () => {
      clearTimeout(timer)
      resolve()
    }
    arrived.then(done, done)
  })
