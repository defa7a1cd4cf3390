/**
 * The two ways to run a program in a sandbox: bubblewrap, and the kernel's namespaces by the tools of util-linux. Pure:
 * what is seen becomes the arguments of a program.
 */
import type { SandboxView, SeenPlace } from "./SandboxView.ts"
import { sandboxSetup } from "./sandboxSetup.ts"

/** A program with its arguments. */
export interface Program {
  readonly command: string
  readonly args: ReadonlyArray<string>
}

/** Wraps a program. */
export type Enclose = (view: SandboxView, hasNetwork: boolean, program: Program) => Program

const bubblewrapPlace = (place: SeenPlace): ReadonlyArray<string> => {
  switch (place.use) {
    case "look":
      return ["--ro-bind", place.path, place.path]
    case "change":
      return ["--bind", place.path, place.path]
    case "link":
      return ["--symlink", place.target, place.path]
    case "coverFolder":
      return ["--tmpfs", place.path, "--remount-ro", place.path]
    case "coverFile":
      return ["--dev-bind", "/dev/null", place.path]
  }
}

/** Nothing of it outlives its parent, and none of it may do more than a plain user. */
const bubblewrapStart = `--unshare-user --unshare-pid --unshare-ipc --unshare-uts --unshare-cgroup-try --die-with-parent
  --new-session --cap-drop ALL --proc /proc --dev /dev --tmpfs /tmp --dir /run --dir /var --symlink ../tmp /var/tmp`.split(
  /\s+/
)
const bubblewrapEnd = ["--remount-ro", "/proc", "--remount-ro", "/"]

/** By bubblewrap (0.4 or newer) at this place. */
export const bubblewrap =
  (bwrap: string): Enclose =>
  ({ cwd, places }, hasNetwork, { args, command }) => {
    const network = hasNetwork ? [] : ["--unshare-net"]
    const seen = places.flatMap(bubblewrapPlace)
    const program = ["--chdir", cwd, "--", command, ...args]
    return { command: bwrap, args: [...network, ...bubblewrapStart, ...seen, ...bubblewrapEnd, ...program] }
  }

/**
 * By `unshare` of util-linux. The first shell only finds out who it is; the second one is the first process of the
 * sandbox, builds what is seen there, and has the program run in a user namespace that has no power over any of it.
 */
export const namespaces =
  (unshare: string, shell: string): Enclose =>
  ({ cwd, places }, hasNetwork, { args, command }) => {
    const spaces = ["--user", "--map-root-user", "--mount", "--pid", "--ipc", "--uts", ...(hasNetwork ? [] : ["--net"])]
    const words = places.flatMap((place) => [place.use, place.path, place.use === "link" ? place.target : ""])
    const start = `exec ${unshare} ${spaces.join(" ")} --fork --kill-child=KILL -- "$0" --noprofile --norc -c "$1" "$0" "$UID" "\${GROUPS[0]}" "\${@:2}"`
    return {
      command: shell,
      args: ["--noprofile", "--norc", "-c", start, shell, sandboxSetup, cwd, ...words, "--", command, ...args]
    }
  }
