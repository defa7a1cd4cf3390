/**
 * A preset of the options, for spreading: tools that only read, in one folder, with limits for a person's machine.
 */
import type { BuiltInName, ToolLimit, ToolsOptions } from "./ToolsOptions.ts"

/** The tools that change nothing and reach nothing outside this machine. */
export const readOnlyTools: ReadonlyArray<BuiltInName> = ["Read", "Glob", "Grep", "LS", "NotebookRead", "TodoRead"]

const seconds = (maxConcurrent: number, timeout: number): ToolLimit => ({ maxConcurrent, timeout: timeout * 1000 })

const toolLimits: Readonly<Record<BuiltInName, ToolLimit>> = {
  Read: seconds(5, 15),
  Write: seconds(2, 30),
  Edit: seconds(2, 30),
  MultiEdit: seconds(1, 60),
  Glob: seconds(3, 20),
  Grep: seconds(3, 20),
  LS: seconds(5, 10),
  NotebookRead: seconds(3, 20),
  NotebookEdit: seconds(1, 60),
  TodoRead: seconds(5, 10),
  TodoWrite: seconds(3, 15),
  Bash: seconds(3, 600),
  Task: seconds(2, 120),
  WebSearch: seconds(2, 30),
  WebFetch: seconds(3, 45)
}

/** Only look, and only at what the path policy can follow. */
const allowedCommands = [
  "ls",
  "pwd",
  "whoami",
  "date",
  "echo",
  "cat",
  "head",
  "tail",
  "grep",
  "wc",
  "sort",
  "uniq",
  "cut",
  "tr",
  "which",
  "type",
  "stat",
  "du",
  "df",
  "uname",
  "uptime",
  "id",
  "groups",
  "printf",
  "nl",
  "tac",
  "rev",
  "basename",
  "dirname",
  "realpath",
  "readlink",
  "true",
  "false",
  "test",
  "[",
  "cd",
  "sleep",
  "seq",
  "comm",
  "cmp",
  "md5sum",
  "sha256sum",
  "exit"
]

const deniedCommands = [
  "sudo",
  "su",
  "doas",
  "pkexec",
  "runuser",
  "chroot",
  "unshare",
  "nsenter",
  "mount",
  "umount",
  "mkfs",
  "fdisk",
  "dd",
  "shutdown",
  "reboot",
  "halt",
  "poweroff",
  "init",
  "telinit",
  "systemctl",
  "service",
  "iptables",
  "nft",
  "modprobe",
  "insmod",
  "rmmod",
  "passwd",
  "useradd",
  "userdel",
  "usermod",
  "visudo",
  "crontab",
  "at",
  "kill",
  "pkill",
  "killall",
  "curl",
  "wget",
  "nc",
  "ncat",
  "netcat",
  "socat",
  "telnet",
  "ssh",
  "scp",
  "sftp",
  "ftp",
  "rsync",
  "gdb",
  "strace",
  "ptrace"
]

const denied = [
  "/proc/**",
  "/sys/**",
  "/dev/**",
  "/etc/shadow*",
  "/etc/sudoers*",
  "**/.ssh/**",
  "**/.gnupg/**",
  "**/.aws/**",
  "**/.git/config",
  "**/.git/hooks/**",
  ".env",
  ".env.*",
  ".netrc",
  ".npmrc",
  ".pypirc",
  "id_rsa*",
  "id_ed25519*"
]

const blockedExtensions = [
  ".sh",
  ".bash",
  ".zsh",
  ".fish",
  ".ps1",
  ".bat",
  ".cmd",
  ".exe",
  ".dll",
  ".so",
  ".dylib",
  ".app",
  ".deb",
  ".rpm"
]

/** Options for one folder: its files can be read, nothing can be changed or run until `enabled` says so. */
export const toolsDefaults = (folders: { readonly cwd: string; readonly stateFolder: string }): ToolsOptions => ({
  enabled: readOnlyTools,
  source: "tools",
  paths: {
    cwd: folders.cwd,
    roots: [folders.cwd],
    readOnlyRoots: [],
    deny: denied,
    followsSymlinks: false,
    maxDepth: 32,
    blockedExtensions,
    protect: []
  },
  commands: {
    shell: "/bin/bash",
    allow: allowedCommands,
    ask: [],
    deny: deniedCommands,
    undecided: "ask",
    environment: { PATH: "/usr/local/bin:/usr/bin:/bin", LANG: "C.UTF-8" },
    timeout: "30 seconds",
    maxTimeout: "10 minutes",
    maxOutputBytes: 1024 * 1024,
    maxMemoryBytes: 4 * 1024 ** 3,
    maxJobs: 8,
    sandbox: "off",
    sandboxNetwork: false
  },
  urls: {
    allowAddresses: [],
    allowHosts: [],
    denyHosts: [],
    ports: [80, 443],
    maxRedirects: 5,
    maxBytes: 5 * 1024 * 1024,
    timeout: "15 seconds",
    userAgent: "signalbox"
  },
  limits: {
    maxConcurrent: 5,
    maxQueued: 100,
    queueTimeout: "30 seconds",
    rate: { limit: 100, per: "1 minute" },
    tools: toolLimits,
    maxFileBytes: 10 * 1024 * 1024,
    maxResultCharacters: 10_000,
    maxEntries: 1000,
    maxSearchedBytes: 256 * 1024 * 1024
  },
  stateFolder: folders.stateFolder,
  undo: undefined
})
