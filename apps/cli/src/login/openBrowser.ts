/**
 * Shows a page in the browser of whoever sits at this machine. Over SSH, or without a screen, there is none.
 */
import { Effect } from "effect"
import { spawn } from "node:child_process"

type Environment = Readonly<Record<string, string | undefined>>

const isSet = (environment: Environment, name: string): boolean => (environment[name] ?? "") !== ""

/** Whether a browser that is opened here is seen by the person. */
export const hasBrowser = (environment: Environment, platform: NodeJS.Platform): boolean => {
  if (["SSH_CONNECTION", "SSH_TTY", "CI"].some((name) => isSet(environment, name))) return false
  if (platform === "darwin" || platform === "win32") return true
  return isSet(environment, "DISPLAY") || isSet(environment, "WAYLAND_DISPLAY")
}

const commandFor = (platform: NodeJS.Platform): readonly [command: string, ...args: ReadonlyArray<string>] => {
  if (platform === "darwin") return ["open"]
  // Not through a shell, which would take the address apart.
  return platform === "win32" ? ["rundll32", "url.dll,FileProtocolHandler"] : ["xdg-open"]
}

/** Whether the system took the address. The browser outlives this program. */
export const openBrowser = (url: URL, environment: Environment): Effect.Effect<boolean> =>
  Effect.callback<boolean>((resume) => {
    const [command, ...args] = commandFor(process.platform)
    const child = spawn(command, [...args, url.href], { detached: true, stdio: "ignore", env: { ...environment } })
    child.once("error", () => resume(Effect.succeed(false)))
    child.once("spawn", () => {
      child.unref()
      resume(Effect.succeed(true))
    })
  })
