/**
 * The section `tools` of the complete configuration file.
 */

/** Its text, with a comment for every key. */
export const toolsTemplate = `# Built-in tools, beside those of the servers below; where servers are named, they are called builtin.
tools:
  # Which of them there are. These look at files and change nothing. Others write files: Write, Edit, MultiEdit, NotebookEdit,
  # TodoWrite; run commands: Bash; give tasks away: Task; reach the web: WebFetch, WebSearch. [] for none.
  enabled: [Read, Glob, Grep, LS, NotebookRead, TodoRead]
  paths:
    # The folder that relative paths start from and that commands run in, and the folders whose files may be read and
    # written, or read only; the innermost decides. Relative to this file, which no tool writes: it says what they may do.
    cwd: .
    roots: ["."]
    readOnlyRoots: []
    # What is refused inside them, too. A pattern without a slash is about names, at whatever depth.
    deny:
      [
        /proc/**, /sys/**, /dev/**, /etc/shadow*, /etc/sudoers*, "**/.ssh/**", "**/.gnupg/**", "**/.aws/**",
        "**/.git/config", "**/.git/hooks/**", .env, .env.*, .netrc, .npmrc, .pypirc, id_rsa*, id_ed25519*
      ]
    # Whether a path may go through a symbolic link, to a place that is allowed itself.
    followsSymlinks: false
    # How many folders below its root a path may go.
    maxDepth: 32
    # Endings of names that no tool writes.
    blockedExtensions:
      [.sh, .bash, .zsh, .fish, .ps1, .bat, .cmd, .exe, .dll, .so, .dylib, .app, .deb, .rpm]
  # What Bash may run. An entry is the beginning of a command: "git status" allows it with all its arguments. The lists are
  # no sandbox: who allows python, node or make allows everything that this program can do. In a conversation the rules of
  # conversation.approval come first, and Bash is not read-only: { tool: Bash, decision: allow } leaves it to these lists.
  commands:
    # Bash itself: commands are judged by its grammar.
    shell: /bin/bash
    allow:
      [
        ls, pwd, whoami, date, echo, cat, head, tail, grep, wc, sort, uniq, cut, tr, which, type, stat, du, df, uname,
        uptime, id, groups, printf, nl, tac, rev, basename, dirname, realpath, readlink, "true", "false", test, "[", cd,
        sleep, seq, comm, cmp, md5sum, sha256sum, exit
      ]
    ask: []
    # Stronger than both, and found behind env, xargs, find -exec and the like, too.
    deny:
      [
        sudo, su, doas, pkexec, runuser, chroot, unshare, nsenter, mount, umount, mkfs, fdisk, dd, shutdown, reboot, halt,
        poweroff, init, telinit, systemctl, service, iptables, nft, modprobe, insmod, rmmod, passwd, useradd, userdel,
        usermod, visudo, crontab, at, kill, pkill, killall, curl, wget, nc, ncat, netcat, socat, telnet, ssh, scp, sftp,
        ftp, rsync, gdb, strace, ptrace
      ]
    # A command that none of them names, or that is to be asked about: ask (each time, whatever conversation.approval
    # says; what was approved for good is not asked again), refuse.
    undecided: ask
    # All that commands see of the environment; env:NAME hands a variable on.
    environment: { PATH: "/usr/local/bin:/usr/bin:/bin", LANG: C.UTF-8 }
    # Where a call names no limit, and the longest that it may name.
    timeout: 30 seconds
    maxTimeout: 10 minutes
    # Of output and errors each, the beginning and the end are kept. Memory of one process; also unlimited.
    maxOutputBytes: 1048576
    maxMemoryBytes: 4294967296
    # Commands that run in the background at once.
    maxJobs: 8
    # Whether commands run in a sandbox (Linux, by bubblewrap or namespaces): off, auto (where one is possible), required. It
    # sees programs and the folders of paths, without what these deny, and writes only into roots; anything else a command
    # needs to see, such as tools in your home folder, is added to readOnlyRoots. Processes and /tmp are its own.
    sandbox: off
    # Whether it reaches the network.
    sandboxNetwork: false
  # What WebFetch may fetch: public addresses, and networks such as 10.0.0.0/8 that are allowed although they are private.
  urls:
    allowAddresses: []
    # Only these hosts and what is below them; empty for all.
    allowHosts: []
    denyHosts: []
    ports: [80, 443]
    maxRedirects: 5
    maxBytes: 5242880
    timeout: 15 seconds
    userAgent: signalbox
  # Who searches for WebSearch: none, searxng (the url of your server, whose settings allow the format json), or brave (an
  # apiKey such as env:BRAVE_API_KEY; url only for another address than its own).
  search:
    provider: none
    url: ""
    apiKey: ""
  limits:
    # Calls at the same time, those that may wait for their turn, and for how long. Bash and Task, which wait for persons
    # and models, have only their own below.
    maxConcurrent: 5
    maxQueued: 100
    queueTimeout: 30 seconds
    # How often a call may begin.
    rate: { limit: 100, per: 1 minute }
    # The largest file that is written or changed, and the longest result; of that the beginning and the end are kept.
    maxFileBytes: 10485760
    maxResultCharacters: 10000
    # What Glob and LS show at most, and what Grep looks at.
    maxEntries: 1000
    maxSearchedBytes: 268435456
    # Calls of one tool at the same time, and how long one may take; Bash has its time from its call and commands above.
    tools:
      Read: { maxConcurrent: 5, timeout: 15 seconds }
      Write: { maxConcurrent: 2, timeout: 30 seconds }
      Edit: { maxConcurrent: 2, timeout: 30 seconds }
      MultiEdit: { maxConcurrent: 1, timeout: 60 seconds }
      Glob: { maxConcurrent: 3, timeout: 20 seconds }
      Grep: { maxConcurrent: 3, timeout: 20 seconds }
      LS: { maxConcurrent: 5, timeout: 10 seconds }
      NotebookRead: { maxConcurrent: 3, timeout: 20 seconds }
      NotebookEdit: { maxConcurrent: 1, timeout: 60 seconds }
      TodoRead: { maxConcurrent: 5, timeout: 10 seconds }
      TodoWrite: { maxConcurrent: 3, timeout: 15 seconds }
      Bash: { maxConcurrent: 3, timeout: 10 minutes }
      Task: { maxConcurrent: 2, timeout: 2 minutes }
      WebSearch: { maxConcurrent: 2, timeout: 30 seconds }
      WebFetch: { maxConcurrent: 3, timeout: 45 seconds }
  # Where to-dos and tasks are kept: auto (the data folder of the user), or a folder, relative to this file.
  stateFolder: auto
  # Files as they were before the tools changed them, so that signalbox undo can take changes back: auto, a folder, or ""
  # for nowhere.
  undo:
    folder: auto
    maxChanges: 200
    maxBytes: 104857600
`
