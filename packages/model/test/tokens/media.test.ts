import type { ContentBlock } from "@signalbox/model"
import { TokenCounter } from "@signalbox/model/tokens"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { requestWith } from "../requests.ts"

/** The tokens of one block. */
const tokensOf = (block: ContentBlock) =>
  Effect.gen(function* () {
    const counter = yield* TokenCounter.make()
    const count = (content: ReadonlyArray<ContentBlock>) =>
      counter.countRequest(requestWith({ model: "gpt-5", messages: [{ role: "user", content }] }))
    return (yield* count([block])) - (yield* count([]))
  })
const image = (bytes: Uint8Array): ContentBlock => ({
  type: "image",
  source: { type: "base64", media_type: "image/png", data: Buffer.from(bytes).toString("base64") }
})
const document = (text: string): ContentBlock => ({
  type: "document",
  source: { type: "base64", media_type: "application/pdf", data: Buffer.from(text, "latin1").toString("base64") }
})

const bytesOf = (length: number, write: (view: DataView) => void): Uint8Array => {
  const bytes = new Uint8Array(length)
  write(new DataView(bytes.buffer))
  return bytes
}
const ascii = (view: DataView, at: number, text: string) => {
  for (const [index, char] of [...text].entries()) view.setUint8(at + index, char.charCodeAt(0))
}
const png = (width: number, height: number) =>
  bytesOf(33, (view) => {
    view.setUint32(0, 0x89504e47)
    view.setUint32(16, width)
    view.setUint32(20, height)
  })
const gif = (width: number, height: number) =>
  bytesOf(40, (view) => {
    ascii(view, 0, "GIF89a")
    view.setUint16(6, width, true)
    view.setUint16(8, height, true)
  })
/** With a preview of some kilobytes before the frame, as cameras write it. */
const jpeg = (width: number, height: number) =>
  bytesOf(9000, (view) => {
    view.setUint16(0, 0xffd8)
    view.setUint16(2, 0xffe1)
    view.setUint16(4, 8000)
    view.setUint16(8004, 0xffc4)
    view.setUint16(8006, 20)
    view.setUint16(8026, 0xffc2)
    view.setUint16(8028, 17)
    view.setUint16(8031, height)
    view.setUint16(8033, width)
  })
const webp = (kind: string, write: (view: DataView) => void) =>
  bytesOf(40, (view) => {
    ascii(view, 0, "RIFF")
    ascii(view, 8, `WEBP${kind}`)
    write(view)
  })

describe("a picture", () => {
  it.effect.each([
    ["PNG", png(300, 200)],
    ["GIF", gif(300, 200)],
    ["JPEG", jpeg(300, 200)],
    [
      "WebP, extended",
      webp("VP8X", (view) => {
        view.setUint8(24, 299 & 255)
        view.setUint8(25, 1)
        view.setUint8(27, 199)
      })
    ],
    ["WebP, lossless", webp("VP8L", (view) => view.setUint32(21, 299 | (199 << 14), true))],
    [
      "WebP, lossy",
      webp("VP8 ", (view) => {
        view.setUint16(26, 300, true)
        view.setUint16(28, 200, true)
      })
    ]
  ] as const)("of 300 by 200 pixels is 80 tokens as %s", ([, bytes]) =>
    Effect.map(tokensOf(image(bytes)), (tokens) => assert.strictEqual(tokens, 80))
  )

  it.effect.each([
    ["is large", png(4000, 3000)],
    ["is of an unknown kind", bytesOf(100, () => {})],
    ["is cut off", png(300, 200).slice(0, 12)]
  ] as const)("that %s is 1600 tokens", ([, bytes]) =>
    Effect.map(tokensOf(image(bytes)), (tokens) => assert.strictEqual(tokens, 1600))
  )

  it.effect("that is no base64 at all is 1600 tokens", () =>
    Effect.map(tokensOf({ type: "image", source: { type: "base64", media_type: "image/png", data: "!!" } }), (tokens) =>
      assert.strictEqual(tokens, 1600)
    )
  )
})

describe("a document", () => {
  it.effect.each([
    ["%PDF-1.4 << /Type /Pages /Count 2 >> << /Type /Page >> << /Type/Page /Parent 1 0 R >>", 4000],
    ["%PDF-1.7 all compressed", 2000],
    ["%PDF-1.7 ".padEnd(120_000, "x"), 6000]
  ] as const)("has 2000 tokens for each page: %#", ([text, tokens]) =>
    Effect.map(tokensOf(document(text)), (counted) => assert.strictEqual(counted, tokens))
  )
})
