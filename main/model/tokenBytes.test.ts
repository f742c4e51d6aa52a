import { describe, expect, it } from 'vitest'
import { joinedText, shownBytes, spellingOf, tokenBytes } from './tokenBytes.ts'

const letters = spellingOf({ type: 'ByteLevel' })
const underlines = spellingOf({
  type: 'Sequence',
  decoders: [
    { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
    { type: 'ByteFallback' },
    { type: 'Fuse' },
    { type: 'Strip', content: ' ', start: 1, stop: 0 },
  ],
})

describe('spellingOf', () => {
  it('tells the decoders apart', () => {
    expect(letters).toEqual({ bytes: 'letters', underline: false, stripsFirstSpace: false })
    expect(underlines).toEqual({ bytes: 'tokens', underline: true, stripsFirstSpace: true })
    const metaspace = { bytes: 'none', underline: true, stripsFirstSpace: true }
    expect(spellingOf({ type: 'Metaspace', replacement: '▁', prepend_scheme: 'first' })).toEqual(metaspace)
    expect(spellingOf({ type: 'Metaspace', prepend_scheme: 'never' }).stripsFirstSpace).toBe(false)
    const nothing = { bytes: 'none', underline: false, stripsFirstSpace: false }
    for (const odd of [null, undefined, 7, 'ByteLevel', { type: 'CTC' }])
      expect(spellingOf(odd)).toEqual(nothing)
  })
})

describe('tokenBytes', () => {
  it('reads letters for bytes, and added tokens as they are', () => {
    expect([...tokenBytes('Ġé', letters)]).toEqual([0x20, 0xe9])
    expect([...tokenBytes('ĀĊ', letters)]).toEqual([0, 10])
    expect(Buffer.from(tokenBytes('two words', letters)).toString()).toBe('two words')
  })

  it('reads byte tokens and underlines', () => {
    expect([...tokenBytes('<0xF0>', underlines)]).toEqual([0xf0])
    expect(Buffer.from(tokenBytes('<0xf0>', underlines)).toString()).toBe('<0xf0>')
    expect(Buffer.from(tokenBytes('▁a▁', underlines)).toString()).toBe(' a ')
  })

  it('has all 256 letters', () => {
    const seen = new Set<number>()
    for (let code = 33; code < 33 + 512; code++) {
      const bytes = tokenBytes(String.fromCharCode(code), letters)
      if (bytes.length === 1) seen.add(bytes[0])
    }
    expect(seen.size).toBe(256)
  })
})

describe('joinedText', () => {
  it('replaces a broken run of byte tokens byte by byte, broken letters as a whole', () => {
    expect(joinedText(['a', '<0xF0>', '<0x9F>', 'b'], underlines)).toBe('a\u{FFFD}\u{FFFD}b')
    expect(joinedText(['<0xF0>', '<0x9F>', '<0xA6>', '<0x8A>'], underlines)).toBe('🦊')
    expect(joinedText(['a', 'ðŁ', 'b'], letters)).toBe('a\u{FFFD}b')
  })

  it('keeps a byte order mark', () => {
    expect(joinedText(['ï»¿', 'x'], letters)).toBe('\u{FEFF}x')
  })
})

describe('shownBytes', () => {
  it('shows whole characters, and other bytes by number', () => {
    const shown = (...bytes: number[]) => shownBytes(Uint8Array.from(bytes))
    expect(shown(0x20, 0xf0, 0x9f)).toBe(' ⟨0xF0⟩⟨0x9F⟩')
    expect(shown(0xa6, 0x61, 0xc3, 0xa9)).toBe('⟨0xA6⟩aé')
    expect(shown(0xed, 0xa0, 0x80)).toBe('⟨0xED⟩⟨0xA0⟩⟨0x80⟩') // a surrogate is no character
    expect(shown(0xc0, 0x80, 0xff)).toBe('⟨0xC0⟩⟨0x80⟩⟨0xFF⟩')
    expect(shown()).toBe('')
  })
})
