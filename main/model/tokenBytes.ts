// The bytes behind a token's spelling in a vocabulary.
// Owns: GPT-2's letters for bytes, SentencePiece's `▁` and `<0xNN>`, and showing bytes that are no text. Not: encoding.
// Source: `bytes_to_unicode` of GPT-2's encoder.py; decoders `ByteLevel` and `ByteFallback` of Hugging Face's tokenizers.
import * as z from 'zod'

/** How a tokeniser spells bytes, read from tokenizer.json's decoder. */
export interface ByteSpelling {
  /** `letters`: every byte has a letter of its own. `tokens`: `<0xNN>` is a byte. `none`: pieces are plain text. */
  bytes: 'letters' | 'tokens' | 'none'
  /** `▁` stands for a space. */
  underline: boolean
  /** A text's first space is not its own. */
  stripsFirstSpace: boolean
}

const decoderSchema = z.looseObject({
  type: z.string(),
  content: z.string().nullish(),
  start: z.number().nullish(),
  prepend_scheme: z.string().nullish(),
  add_prefix_space: z.boolean().nullish(),
})
const sequenceSchema = z.looseObject({ type: z.literal('Sequence'), decoders: z.array(decoderSchema) })

/** @param decoder  tokenizer.json's; null or an unknown one spells no bytes */
export function spellingOf(decoder: unknown): ByteSpelling {
  const list = sequenceSchema.safeParse(decoder)
  const single = decoderSchema.safeParse(decoder)
  const steps = list.success ? list.data.decoders : single.success ? [single.data] : []
  const step = (type: string) => steps.find((candidate) => candidate.type === type)
  const metaspace = step('Metaspace')
  const strip = step('Strip')
  const metaspaceStrips =
    metaspace !== undefined && metaspace.prepend_scheme !== 'never' && metaspace.add_prefix_space !== false
  return {
    bytes: step('ByteLevel') ? 'letters' : step('ByteFallback') ? 'tokens' : 'none',
    underline: metaspace !== undefined || step('Replace')?.content === ' ',
    stripsFirstSpace: metaspaceStrips || (strip?.content === ' ' && (strip.start ?? 0) > 0),
  }
}

/** GPT-2 gives printable bytes their own letter and the others letters from U+0100 on. */
const byteOfLetter = new Map<string, number>()
let next = 256
for (let byte = 0; byte < 256; byte++) {
  const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
  byteOfLetter.set(String.fromCharCode(printable ? byte : next++), byte)
}

const encoder = new TextEncoder()
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lenient = new TextDecoder('utf-8', { ignoreBOM: true })

/** The byte that a `<0xNN>` token stands for; null for other tokens. */
function byteOfToken(piece: string): number | null {
  const match = /^<0x([0-9A-F]{2})>$/.exec(piece)
  return match ? parseInt(match[1], 16) : null
}

/** The bytes that a token puts into a text. */
export function tokenBytes(piece: string, spelling: ByteSpelling): Uint8Array {
  if (spelling.bytes === 'letters') {
    const bytes = Array.from(piece, (letter) => byteOfLetter.get(letter))
    // Added tokens are plain text and may hold letters that stand for no byte.
    return bytes.every((byte) => byte !== undefined) ? Uint8Array.from(bytes) : encoder.encode(piece)
  }
  const byte = spelling.bytes === 'tokens' ? byteOfToken(piece) : null
  if (byte !== null) return Uint8Array.of(byte)
  return encoder.encode(spelling.underline ? piece.replaceAll('▁', ' ') : piece)
}

/** The text of tokens in a row. Bytes that are no text become U+FFFD, as many as Hugging Face's decoders make. */
export function joinedText(pieces: readonly string[], spelling: ByteSpelling): string {
  if (spelling.bytes !== 'tokens') return lenient.decode(joined(pieces, spelling))
  let text = ''
  for (let i = 0; i < pieces.length;) {
    let end = i
    while (end < pieces.length && byteOfToken(pieces[end]) !== null) end++
    if (end > i) text += textOrReplacements(joined(pieces.slice(i, end), spelling))
    else text += lenient.decode(tokenBytes(pieces[end++], spelling))
    i = end
  }
  return text
}

/** A run of byte tokens is a text as a whole or not at all. */
function textOrReplacements(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes)
  } catch {
    return '\u{FFFD}'.repeat(bytes.length)
  }
}

function joined(pieces: readonly string[], spelling: ByteSpelling): Uint8Array {
  const parts = pieces.map((piece) => tokenBytes(piece, spelling))
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** Text with every byte that is part of no whole character as `⟨0xNN⟩`. */
export function shownBytes(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length;) {
    const length = characterLength(bytes, i)
    if (length > 0) text += lenient.decode(bytes.subarray(i, i + length))
    else text += `⟨0x${bytes[i].toString(16).toUpperCase().padStart(2, '0')}⟩`
    i += Math.max(1, length)
  }
  return text
}

/** Bytes of the UTF-8 character that begins at `i`; 0 where none does. */
function characterLength(bytes: Uint8Array, i: number): number {
  const first = bytes[i]
  const length =
    first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
  if (length < 2) return length
  if (i + length > bytes.length) return 0
  try {
    strict.decode(bytes.subarray(i, i + length))
    return length
  } catch {
    return 0
  }
}
