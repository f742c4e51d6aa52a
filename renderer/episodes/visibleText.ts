// Hostile text made visible: what a model, an object list or an oracle wrote, as text that cannot lie about itself.
// Owns: which code points are replaced and by what. Not: escaping for HTML (text nodes do that).
// Unicode 16: general categories Cc and Cf, separators, fillers that draw nothing, private use and surrogates.

export type PieceKind = 'text' | 'space' | 'newline' | 'mark'

/** A part of a token: letters as they are, or a sign that stands for something invisible. */
export interface Piece {
  kind: PieceKind
  text: string
}

// Letters that draw nothing or that reorder what stands around them. U+200D and the variation selectors belong to emoji
// and stay where a visible letter precedes them.
const invisible =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029\u115f\u1160\u3164\uffa0]|[\u17b4\u17b5]|[\u180b-\u180f]|(?! )\p{Zs}/u
const joiner = /\u200d|\ufe0e|\ufe0f/u
const combining = /\p{M}/u
/** Combining marks kept on one letter; stacks of more are there to paint over their neighbours. */
const marksKept = 3

const hexadecimal = (letter: string): string =>
  (letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')

/** ⟨U+202E⟩: how a letter that cannot be shown is written. */
export const named = (letter: string): string => `⟨U+${hexadecimal(letter)}⟩`

/**
 * The pieces of a token's text. Spaces become ␠, line feeds ⏎, tabs ⇥; everything else without a shape of its own is
 * named by its code point. Joining all pieces gives what a reader sees.
 */
export function pieces(text: string): Piece[] {
  const list: Piece[] = []
  const add = (kind: PieceKind, sign: string): void => {
    const last = list.at(-1)
    if (last?.kind === 'text' && kind === 'text') last.text += sign
    else list.push({ kind, text: sign })
  }
  let marks = 0
  let before = ''
  for (const letter of text) {
    if (combining.test(letter) && !joiner.test(letter)) {
      marks++
      if (before === '') add('text', '◌')
      if (marks <= marksKept) add('text', letter)
      else if (marks === marksKept + 1) add('mark', '…')
      before = letter
      continue
    }
    marks = 0
    if (letter === ' ') add('space', '␠')
    else if (letter === '\n') add('newline', '⏎')
    else if (letter === '\t') add('mark', '⇥')
    else if (letter === '\r') add('mark', '⟨CR⟩')
    else if (joiner.test(letter) && list.at(-1)?.kind === 'text') add('text', letter)
    else if (joiner.test(letter) || invisible.test(letter)) add('mark', named(letter))
    else add('text', letter)
    before = letter
  }
  return list
}

/** Running text (a message, an answer, an object's name): line feeds and spaces stay, the rest as in `pieces`. */
export function plainText(text: string): string {
  return pieces(text)
    .map((piece) => (piece.kind === 'space' ? ' ' : piece.kind === 'newline' ? '\n' : piece.text))
    .join('')
}

/** A control token of the chat format: `<|im_end|>` → ⟨im_end⟩, `</s>` → ⟨/s⟩. Empty ones are named too. */
export function controlText(text: string): string {
  const inner = /^<\|?(.*?)\|?>$/su.exec(text)?.[1] ?? text
  const safe = pieces(inner)
    .map((piece) => piece.text)
    .join('')
  return `⟨${safe === '' ? 'control' : safe}⟩`
}

/** One line for a title or a tooltip, cut at `length` letters. */
export function shortText(text: string, length: number): string {
  const line = plainText(text).replaceAll('\n', ' ⏎ ')
  const letters = [...line]
  return letters.length <= length ? line : `${letters.slice(0, length - 1).join('')}…`
}
