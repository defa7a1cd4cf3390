/**
 * The section `server` of the complete configuration file.
 */

/** Its text, with a comment for every key. */
export const serverTemplate = `# signalbox serve
server:
  # As long as nobody is asked for a key, an address of this machine only: 127.0.0.1, ::1 or localhost.
  host: 127.0.0.1
  port: 4000
  # The largest request, in bytes.
  maxRequestBytes: 10485760
  # Conversations over a WebSocket (/ws/chat): the largest message in bytes (auto: maxRequestBytes); how often a client is asked
  # for a sign of life (or off), and after how long without one it is taken for gone.
  websocket: { maxMessageBytes: auto, pingInterval: 20 seconds, pingTimeout: 10 seconds }
  auth:
    # none; keys: who has one of those below, as x-api-key or Bearer; forward: the caller's own key goes to the provider.
    # Nobody looks at such a key here, so that others than this machine need "tools: none" with forward.
    mode: none
    # One for each client; tools and models are optional, and narrow what it may use; mcpUrls as below:
    #   - { name: ci, key: env:CI_KEY, tools: [files], models: ["claude-*"], mcpUrls: true }
    keys: []
  # The tools that requests get beside their own: servers (of all servers below), all (the built-in ones, too, which show
  # what this machine has), none, or those of some, such as [files, builtin]. A request may ask for fewer, with the header
  # x-tool-execution (passthrough: none) or by naming servers in mcp_servers.
  tools: servers
  # MCP servers that a request brings by URL (mcp_servers, or server_url of Responses), with its own token: for all
  # (allowed), or for keys that say so. Ports are the standard ones or a list. Private addresses are refused, but for
  # networks of allowAddresses (10.0.0.0/8); hosts include what is below them. An unused connection is kept for keepFor.
  mcpUrls: { allowed: false, ports: standard, allowHosts: [], denyHosts: [], allowAddresses: [], keepFor: 5 minutes }
  # What is done with their calls where no rule of conversation.approval and no mode of a server says it: auto, since they
  # may use what is allowed above; auto-safe, ask or deny. Responses can approve a call with their next request.
  approval: auto
  # Requests that are answered at the same time, and those that may wait for their turn; more are refused as overload.
  maxConcurrentRequests: 256
  maxQueuedRequests: 1024
  # The most tokens that a request may ask for; more is lowered (clamp) or refused (reject).
  maxTokens: unlimited
  whenOverMaxTokens: clamp
  # A conversation of the Messages API in which a call of a tool has no result, or a result no call: refused as the API
  # does (reject), mended so that nothing said is lost (repair), or left to the provider (ignore).
  whenToolFlowBroken: reject
  # Answers that are given again, to requests with temperature 0 and no tools.
  cache:
    enabled: false
    timeToLive: 1 hour
    maxEntries: 1000
    maxBytes: 67108864

`
