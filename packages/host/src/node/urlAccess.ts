/**
 * `UrlAccess` on Node. Loaded at the first address: most programs are given none.
 */
import Undici from "@effect/platform-node/Undici"
import { makeUrlPolicy, WebAccess } from "@signalbox/tools"
import { layerWebAccess, pinned } from "@signalbox/tools/node"
import { Effect } from "effect"
import type { UrlAccess } from "../urlServers/UrlAccess.ts"

/** Those of http and https. */
const standardPorts = [80, 443]

const check: UrlAccess["Service"]["check"] = (url, { ports, ...rules }) =>
  Effect.flatMap(WebAccess, (web) =>
    makeUrlPolicy({ ...rules, ports: ports === "standard" ? standardPorts : ports }, web).check(url)
  ).pipe(Effect.provide(layerWebAccess))

const fetchTo: UrlAccess["Service"]["fetchTo"] = ({ address, url }) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => new Undici.Agent({ connect: { lookup: pinned(address) } })),
      (agent) => Effect.promise(() => agent.destroy())
    ),
    (dispatcher) => {
      const send = (target: string | URL, init: Undici.RequestInit) =>
        new URL(target).origin === url.origin
          ? Undici.fetch(target, { ...init, dispatcher, redirect: "manual" })
          : Promise.reject(new TypeError("it leads to another address than the one that was checked"))
      // Node's own `fetch` is undici's: requests and answers have the same shape, under other names.
      return send as unknown as typeof globalThis.fetch
    }
  )

/** Names are looked up as the system does. */
export const urlAccess: UrlAccess["Service"] = { check, fetchTo }
