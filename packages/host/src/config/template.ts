/**
 * The complete configuration file, with a comment for every key. `signalbox init` writes it, and the values in
 * it are the preset `default@1`: there is no other place that defaults could come from.
 */
import { contextTemplate } from "./contextTemplate.ts"
import { historyTemplate } from "./historyTemplate.ts"
import { rulesTemplate } from "./rulesTemplate.ts"
import { serverTemplate } from "./serverTemplate.ts"
import { toolsTemplate } from "./toolsTemplate.ts"

/** The text of a new `signalbox.yaml`. Comments name the unit and the choice; every key is there. */
export const configTemplate = `# Signalbox configuration. Every key is here: nothing is decided elsewhere.
# A key that is missing or unknown is an error. With "extends", what is missing comes from the presets that it names (one
# or a list: signalbox config preset list), and from preset:default@1 below them.
# extends: preset:default@1

# Which model answers.
model:
  # auto: the first provider below that has a key, else an Ollama that answers, else the offline model.
  # Or the name of a provider below, or offline.
  provider: auto
  # The provider's name for the model; "" for the one named under "providers".
  name: ""
  # The most tokens of one answer.
  maxTokens: 8192
  # Instead, and for requests to signalbox serve that set no limit: one by the length of the conversation, in tokens. It cuts
  # answers short, so that there is none unless you want it:
  #   - { below: 100, tokens: 150 }
  #   - { below: 500, tokens: 300 }
  #   - { below: 1500, tokens: 500 }
  #   - { below: unlimited, tokens: 800 }
  responseBands: []
  # Given to the model before every conversation; "" for none.
  systemPrompt: ""
  # A provider that is overloaded, limits its rate or cannot be reached is asked again, as long as nothing of its answer
  # was shown. 1 attempt: never. It may ask for a longer pause, up to maxDelay; clients of serve are told of one over 2 s.
  retry:
    attempts: 3
    firstDelay: 1 second
    maxDelay: 60 seconds
    factor: 2
  # A provider that fails again and again is not asked for a while: its requests fail at once, or go to a fallback.
  breaker:
    enabled: true
    # Failures in a row after which it is not asked, and for how long. A request that it refuses is no failure, nor is a
    # limit of the rate of requests.
    failures: 5
    openFor: 30 seconds
    # Then requests are let through again, so many at the same time; so many answers in a row make it work again.
    probes: 1
    successes: 1
    # After this time a request that was let through does not count any more.
    probeTimeout: 5 minutes
  # Requests to one provider at the same time, and those that may wait for their turn; more are refused as overload.
  maxConcurrentRequests: 64
  maxQueuedRequests: 256
  # What models cost, in US dollars for a million tokens, so that costs can be told. One for each model:
  #   - { model: claude-sonnet-5*, input: 3, output: 15, cacheRead: 0.3, cacheWrite5m: 3.75 }   # also cacheWrite1h, provider
  prices: []

# Where models are, by name. Keys are read from the environment or a file .env: env:NAME. A key that is not set only
# matters for a provider in use. More of them, under names of yours:
#   fast:
#     kind: groq                     # claude, openai, openrouter, ollama, vllm, llamacpp, lmstudio, azure, gemini, mistral, deepseek
#     apiKey: env:GROQ_API_KEY       # optional where none is wanted
#     baseUrl: https://api.groq.com/openai/v1
#     model: llama-3.3-70b-versatile # asked when nobody names another
#     api: chat                      # optional; responses where the provider has OpenAI's newer API
#     headers: {}                    # optional; sent with every request
#     maxTokens: 32768               # optional; lowers what requests ask for
#     contextWindow: 131072          # optional; tokens that it takes, question and answer together
#     requestTimeout: 10 minutes     # optional; the longest wait for an answer: of a stream its head, else all of it
#     idleTimeout: 1 minute          # optional; the longest silence within a streamed answer
providers:
  claude:
    apiKey: env:ANTHROPIC_API_KEY
    baseUrl: https://api.anthropic.com
    model: claude-sonnet-5-5
  openai:
    apiKey: env:OPENAI_API_KEY
    baseUrl: https://api.openai.com/v1
    model: gpt-5.1
  openrouter:
    apiKey: env:OPENROUTER_API_KEY
    baseUrl: https://openrouter.ai/api/v1
    model: anthropic/claude-sonnet-5.5
  ollama:
    baseUrl: http://127.0.0.1:11434/v1
    model: ""

# Which model a name stands for that clients of "signalbox serve" ask for. Models are written provider/model.
routing:
  # In order; the first that fits decides. A name, its beginning (prefix) or a regular expression for all of it (pattern):
  #   - { name: fast, provider: groq, model: llama-3.3-70b-versatile }
  #   - { prefix: "local/", provider: ollama, strip: true }   # without model: as asked; strip takes the prefix off
  rules: []
  # What clients get that say big or small, or can only say names of Claude's models: Opus and Sonnet, Haiku. "": no rule.
  # Also BIG_MODEL and SMALL_MODEL; ANTHROPIC_MODEL and ANTHROPIC_SMALL_FAST_MODEL where they name a provider above.
  big: ""
  small: ""
  # Any other name. auto: passed on to Claude, vendor/model to OpenRouter, answered by the default model elsewhere;
  # default: answered by the default model; passthrough: passed on; reject: refused.
  unknown: auto
  # What is asked next when a provider cannot begin to answer, after one quick retry, by provider or provider/model:
  #   claude: [openrouter/anthropic/claude-sonnet-5.5]
  fallbacks: {}

conversation:
  # Rounds of tool calls for one message of yours.
  maxHops: 8
  # Rounds in which the same call (tool, arguments) has the same result, after which the model is told, and after which the
  # turn ends. Numbers from 2 on, or unlimited.
  repeats: { tellAfter: 4, stopAfter: 10 }
  # Tool calls of one round that run at the same time; results keep the order of the calls.
  toolConcurrency: 5
  # The longest that one call of a server's tool may take. The built-in ones have times of their own: tools.limits.tools, and
  # for Bash that of the call, tools.commands.timeout and maxTimeout.
  toolTimeout: 2 minutes
  # Sessions kept at the same time, and how long an unused one is kept.
  maxSessions: 1000
  sessionIdleTimeout: 1 hour
  # Lists the tools in the system prompt too, for models that overlook them. Every request costs more tokens.
  describeTools: false
  # Which tool calls run by themselves.
  approval:
    # auto-safe: tools run that say they are read-only, or idempotent and not destructive, of servers with "trusted: true" and
    # built-in ones; the others are asked about. ask: all are. auto: all run. deny: none does. Where nobody can be asked, a call
    # is refused.
    mode: auto-safe
    # The first that fits decides, whatever the mode is; * stands for any text, also in arguments:
    #   - { tool: files__write_file, arguments: { path: "/tmp/*" }, decision: allow }   # or ask, deny
    rules: []
  # What the model calls of one turn may cost (by model.prices; a model without a price costs nothing), use and take. A turn
  # that reaches it ends with what had come of the answer; tools that still run when its time is up are stopped.
  budget:
    maxCostUsd: unlimited
    maxTokens: unlimited
    maxSeconds: unlimited
${contextTemplate}${rulesTemplate}  # Shows the model what servers have beside tools, in the system prompt. Others wrote it: include what you trust.
  resources:
    # none, all, or a list of addresses such as ["file:///notes/today.md"]. Each is read once.
    include: none
    # Whether prompts are listed, too.
    listPrompts: false
    # A longer resource is left out; above maxTokens (estimated) only names are listed.
    maxCharacters: 65536
    maxTokens: 8192
    # How long reading one may take, and when those that could not be read are tried again.
    timeout: 5 seconds
    retryInterval: 1 minute

${historyTemplate}
# How MCP servers are started and kept. A server may override the limits marked with (*).
runtime:
  # When agents are started: lazy (each when it is first used) or all (with the program).
  agents: lazy
  # Two tools of one name: prefix (both become <server>__<tool>), first (the earlier server wins), error (neither is shown).
  naming: prefix
  # Where the tools of each server are remembered, so that they can be used before it has started: auto (the cache
  # folder of the system), a folder, or "" for nowhere.
  toolCache: auto
  # Folders that servers are told they may work in (MCP roots), such as ["."]; relative to this file. Some servers then
  # use these instead of the folders that they are started with.
  roots: []
  # Servers being started at the same time, and processes being spawned at the same time (0: one per core, plus one).
  startConcurrency: 64
  spawnConcurrency: 0
  # Servers whose command fetches a package first (npx, uvx, docker run …): how many at the same time, and how long a
  # start may take, because a first run installs.
  packageConcurrency: 2
  packageTimeout: 5 minutes
  # Connections to all servers together, those of agents and further sessions included: unlimited, or a number that leaves
  # room for each server, and one more for a server that is connected anew.
  maxTotalConnections: unlimited
  # (*) From spawning to a usable server.
  connectTimeout: 30 seconds
  # (*) The longest that one call to a server may show no sign of life (an answer, or progress), and may take in all.
  idleTimeout: 60 seconds
  callTimeout: 10 minutes
  # (*) From closing a server's input to killing its process group; also how long calls of a client of mcp serve may go on
  # after that has closed its own.
  shutdownTimeout: 5 seconds
  # (*) The largest message of a server, and to a server, in bytes.
  maxMessageBytes: 52428800
  maxRequestBytes: 10485760
  # (*) Calls to one server at the same time.
  maxConcurrentCalls: 16
  # (*) Whether a server still answers. One that does not pass its checks is started again.
  health:
    # ping: asked when nothing has come from it for an interval; process: content as long as it runs.
    check: ping
    interval: 30 seconds
    timeout: 10 seconds
    # Checks in a row that make it unhealthy, and healthy again.
    failures: 3
    successes: 2
  # (*) A server that fails again and again is not called for a while, and its tools are hidden meanwhile. Calls that find
  # no answer count, and attempts to connect; a tool that says no does not. A server that is back is called at once.
  breaker:
    enabled: true
    # Failures in a row after which it is not called, and for how long.
    failures: 5
    openFor: 60 seconds
    # Then calls are let through again, so many at the same time; so many answers in a row make it work again.
    probes: 3
    successes: 2
    # After this time a call that was let through does not count any more, and others are let through.
    probeTimeout: 30 seconds
  # (*) The sessions with one server: processes of a local one. One that is shared is right for most.
  sessions:
    # So many are kept open while the server runs, and the most at the same time; where they are not shared, beside the
    # one that is supervised.
    min: 0
    max: 1
    # shared: a further one is opened when all have maxConcurrentCalls. conversation: one for each conversation, for servers
    # that remember something (browsers, shells). call: one for each call.
    affinity: shared
    # How long one is kept that nobody uses, and how long a call waits for one.
    idleTimeToLive: 10 minutes
    acquireTimeout: 30 seconds
    # A call that waited in vain gets none, or one of its own past max: none, direct.
    fallback: none
  # A server that stopped is started again after a growing delay.
  restart:
    # (*) always, on-failure (not after it ended with status 0), never
    policy: always
    # (*) Restarts since it was last healthy, after which it is left alone; unlimited: it is never given up.
    maxRestarts: unlimited
    firstDelay: 500 millis
    maxDelay: 30 seconds
    factor: 2
    # Running this long means healthy: the next delay is the first one again.
    healthyAfter: 10 seconds
  # What is counted of calls and servers, and what it says of the health of a server that answers its checks.
  metrics:
    # Error rates, percentiles and requests per minute are those of this last stretch of time.
    window: 5 minutes
    # How often the numbers of pools and circuits are copied.
    refresh: 15 seconds
    # Tools of one server that are counted apart; all others together.
    maxTools: 100
    # From which share of failed calls on (0 to 1) a server is degraded, and unhealthy; with fewer calls than
    # minimumCalls in the window, they say nothing.
    minimumCalls: 10
    degradedErrorRate: 0.1
    unhealthyErrorRate: 0.2
  # What is told as an alert, once when it begins or becomes worse and once when it is over. never: not at all.
  alerts:
    # How often it is looked for; a change of a server is looked at anyway.
    interval: 10 seconds
    # One that is over and comes again within this time is not told again.
    quietTime: 5 minutes
    # How long a server that should run has not.
    serverLost: { warning: never, critical: 10 seconds }
    # A server did not pass its health checks and was started again. warning, critical or never.
    serverUnhealthy: critical
    # A server that runs did not pass its latest check.
    healthCheckFailed: warning
    # Share of failed calls in the window (0 to 1), from minimumCalls on.
    errorRate: { warning: 0.1, critical: 0.2 }
    # How long one call in twenty takes, from minimumCalls on.
    slow: { warning: 5 seconds, critical: never }
    # A server is not called because its calls failed; share of the connections to a server that are in use.
    breakerOpen: critical
    poolExhausted: { warning: 0.9, critical: 0.95 }
    # A URL that gets each alert by POST, as JSON; env:NAME reads a variable. Empty: none.
    webhook: ""

${toolsTemplate}
logging:
  # trace, debug, info, warn, error, none
  level: warn
  # auto (pretty on a terminal, else json), pretty, json, logfmt
  format: auto
  # Whether lines of level debug show what models answer (500 characters) and tools give (200); false: only how long it was.
  content: false
  # Where the same lines are written too, as JSON; relative to this file. "" for nowhere.
  file: ""

# Where traces and numbers go, to be watched from outside.
telemetry:
  # An OpenTelemetry collector that takes OTLP over HTTP, such as http://127.0.0.1:4318. Empty: nothing is sent.
  endpoint: ""
  # Sent with each export; env:NAME reads a variable.
  headers: {}
  # How often numbers are sent.
  interval: 30 seconds

# For trying what stands on the servers, without them.
testing:
  # true: no server is started; each has a stand-in with three tools, which needs no network and no credentials.
  mocks: false
  # true: every server has one connection, which all conversations share, whatever sessions says.
  singleConnection: false
  # false: a server counts as healthy as long as its connection stands.
  healthChecks: true

${serverTemplate}# Agents by name: each has some of the servers below as processes of its own, with secrets that no other gets.
#   planner:
#     enabled: true
#     description: Plans the day           # optional
#     servers: [files, mcp.search.find, mcp.builtin.Read]   # by name; mcp.<server>.<tool> for one tool; builtin
#     tools: { files: { allow: [read_file] } }   # optional; also deny: […]
#     model: { provider: claude, systemPrompt: You plan. }   # optional; also name, maxTokens
#     maxHops: 3                           # optional; instead of conversation.maxHops
#     approval: { mode: ask, rules: [] }   # optional; its rules come before those of conversation
#     secrets:                             # optional; variables for its local servers: all of them, or one
#       common: { TENANT: acme }
#       files: { TOKEN: "env:PLANNER_TOKEN" }
#     onStart: [{ tool: list_files, args: { path: . } }]   # optional; calls before it can be used
agents: {}

# MCP servers by name. Local ones:
#   files:
#     enabled: true
#     transport: stdio
#     command: npx
#     args: ["-y", "@modelcontextprotocol/server-filesystem", "."]
#     env: {}                        # beyond a short list (PATH, HOME …) only this; env:NAME reads a variable
#     cwd: .                         # optional; relative to this file
#     requires: { node: ">=20" }     # optional; programs and versions without which it is not started
#     runtime: node                  # optional; what the command needs, with version and runner as below
#     required: false                # optional; true: nothing works without it
#     trusted: false                 # optional; true: its read-only and idempotent hints are believed
#     approval: ask                  # optional; instead of conversation.approval.mode, for its tools
#     writes: serial                 # optional; parallel: tools that write may run at the same time
#     tools: { allow: [read_file] }  # optional; also deny: […], rename: { its: yours }, describe: { its: "your words" }
#     onStart: [{ tool: open, args: { path: "." } }]   # optional; called on each new connection before anything else
#     health: { check: http, url: "http://127.0.0.1:8000/health" }   # optional; a page that must answer 2xx
#     breaker: { enabled: false }    # optional; it is called whatever happens
#     extends: preset:critical@1     # optional; sizes for this server (signalbox config preset list), below what it says
#     sessions: { affinity: conversation, max: 4 }   # optional; a process for each conversation
#     restart: { maxRestarts: 3 }    # optional; also policy: on-failure
#     protocol: auto                 # optional; legacy or 2026-07-28 where the server cannot tell
# One that is a file of yours:
#   notes:
#     enabled: true
#     transport: stdio
#     runtime: python                # or node, bun, deno; command (or none) for a command as above
#     file: servers/notes.py         # relative to this file; what is not there is told before anything is started
#     runtimeArgs: ["-u"]            # optional; for the runtime, before the file (deno: ["--allow-net"])
#     version: "3.11"                # optional; also ranges such as ">=3.11": without one that fits it is not started
#     runner: uv                     # optional; uv, fnm, mise or volta brings the runtime in exactly this version
#     args: []                       # for the file
#     env: {}
# Remote ones:
#   search:
#     enabled: true
#     transport: http                # also sse, for servers from before Streamable HTTP; http finds those, too
#     url: https://mcp.example.com/mcp
#     headers: { Authorization: "Bearer env:SEARCH_TOKEN" }
# One that wants a login (OAuth): run "signalbox servers login tracker" once. Nothing has to be said here; you may say:
#   tracker:
#     enabled: true
#     transport: http
#     url: https://mcp.example.com/mcp
#     headers: {}                    # with an Authorization header, that is used and no login
#     auth:                          # optional, and so is each key; auth: none turns logins off
#       clientId: my-client          # a client that was registered by hand
#       clientSecret: env:TRACKER_SECRET
#       issuer: https://login.example.com   # the only authorization server that is shown this client
#       scopes: [read, write]        # instead of what the server wants
#       redirectPort: 8765           # of the address http://127.0.0.1:8765/callback that the client was registered with
#       clientMetadataUrl: https://example.com/client.json   # a published description of the client, instead of an id
#       grant: authorization_code    # or client_credentials: the client itself logs in, by its secret or a privateKey
#       # privateKey: env:TRACKER_KEY         # PKCS #8 in PEM, with signingAlgorithm: ES256
#       # assertionFile: /var/run/token      # for grant: jwt_bearer, what the platform says of this workload
servers: {}
`
