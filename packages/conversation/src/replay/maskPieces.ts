/**
 * Pieces of an answer on their way into a cassette. They are kept as they were cut; only where a secret stands in them, or
 * may have begun at the end of one, do they wait for the next, and are joined where it has to be taken out.
 */
import type { Mask } from "./Mask.ts"

/** A piece as it is written down. */
export type WrittenPiece = { readonly text: string } | { readonly bytes: string }

/** Takes pieces, and gives those that can be written. */
export interface PieceMask {
  readonly next: (piece: Uint8Array) => ReadonlyArray<WrittenPiece>
  /** What was still held. */
  readonly end: () => ReadonlyArray<WrittenPiece>
}

/** More is not held: what goes on for so long without a break is no key. */
const mostHeld = 65_536

const written = (piece: Uint8Array): WrittenPiece => {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(piece)
  const back = new TextEncoder().encode(text)
  const isText = back.length === piece.length && back.every((byte, index) => byte === piece[index])
  return isText ? { text } : { bytes: base64Of(piece) }
}

const base64Of = (bytes: Uint8Array): string => {
  let binary = ""
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

/** The bytes of a piece. */
export const bytesOf = ({ bytes, text }: { readonly text?: string; readonly bytes?: string }): Uint8Array =>
  text === undefined
    ? Uint8Array.from(atob(bytes ?? ""), (character) => character.charCodeAt(0))
    : new TextEncoder().encode(text)

/** For one answer. */
export const makePieceMask = (mask: Mask): PieceMask => {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
  let held: Array<Uint8Array> = []
  let text = ""
  const release = (): ReadonlyArray<WrittenPiece> => {
    const pieces = held
    const whole = text
    held = []
    text = ""
    const hidden = mask.text(whole)
    return hidden === whole ? pieces.map(written) : [{ text: hidden }]
  }
  return {
    next: (piece) => {
      held.push(piece)
      text += decoder.decode(piece, { stream: true })
      return mask.heldFrom(text) < text.length && text.length < mostHeld ? [] : release()
    },
    end: () => {
      text += decoder.decode()
      return held.length === 0 ? [] : release()
    }
  }
}
