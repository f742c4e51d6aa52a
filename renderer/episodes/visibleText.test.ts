import { describe, expect, it } from 'vitest'
import { controlText, pieces, plainText, shortText } from './visibleText.ts'

const seen = (text: string): string =>
  pieces(text)
    .map((piece) => piece.text)
    .join('')

describe('hostile text', () => {
  it('shows spaces, line feeds and tabs', () => {
    expect(pieces(' Is\n')).toEqual([
      { kind: 'space', text: '␠' },
      { kind: 'text', text: 'Is' },
      { kind: 'newline', text: '⏎' },
    ])
    expect(seen('a\tb\r')).toBe('a⇥b⟨CR⟩')
  })

  it('leaves ordinary text of any script alone', () => {
    for (const text of ['dog', 'Straße', '犬', 'สุนัข', 'كلب', '👩‍👩‍👧', '❤️', 'é'.normalize('NFD')])
      expect(seen(text)).toBe(text)
  })

  it('names letters that reorder or hide text', () => {
    expect(seen('\u202eevil')).toBe('⟨U+202E⟩evil')
    for (const letter of [
      '\u2066',
      '\u200b',
      '\u200e',
      '\u061c',
      '\ufeff',
      '\u00ad',
      '\u0000',
      '\u001b',
      '\u0085',
    ])
      expect(seen(letter)).toMatch(/^⟨U\+[0-9A-F]{4}⟩$/)
    expect(seen('\u{e0041}')).toBe('⟨U+E0041⟩')
    expect(seen('\u2028')).toBe('⟨U+2028⟩')
    expect(seen('\u3164')).toBe('⟨U+3164⟩')
    expect(seen('\u00a0')).toBe('⟨U+00A0⟩')
  })

  it('names half a surrogate pair instead of breaking', () => {
    expect(seen('\ud83d')).toBe('⟨U+D83D⟩')
  })

  it('names a joiner that joins nothing', () => {
    expect(seen('\u200d')).toBe('⟨U+200D⟩')
  })

  it('cuts stacks of combining marks, and gives a lone one a place to sit', () => {
    expect(seen('e' + '\u0301'.repeat(50))).toBe('e\u0301\u0301\u0301…')
    expect(seen('\u0301')).toBe('◌\u0301')
  })

  it('keeps markup as the letters it is made of', () => {
    expect(seen('<img>')).toBe('<img>')
    expect(plainText('<script>alert(1)</script> &amp;')).toBe('<script>alert(1)</script> &amp;')
  })

  it('keeps spaces and lines in running text', () => {
    expect(plainText('Is it\nalive?\u202e')).toBe('Is it\nalive?⟨U+202E⟩')
  })

  it('shortens a control token to its name', () => {
    expect(
      ['<|im_end|>', '<s>', '</s>', '<|begin_of_text|>', '[INST]', '<||>', '<|\u202e|>'].map(controlText),
    ).toEqual(['⟨im_end⟩', '⟨s⟩', '⟨/s⟩', '⟨begin_of_text⟩', '⟨[INST]⟩', '⟨control⟩', '⟨⟨U+202E⟩⟩'])
  })

  it('cuts by letters, not by half of one', () => {
    expect(shortText('👍👍👍', 3)).toBe('👍👍👍')
    expect(shortText('👍👍👍👍', 3)).toBe('👍👍…')
    expect(shortText('a\nb', 9)).toBe('a ⏎ b')
  })
})
