// Tokens as elements, built by hand: a prompt of 5000 tokens stands after 0.1 s, as Svelte blocks it took eight times as long.
// Owns: the element of a token, adding many of them frame by frame. Not: what is chosen, found or coloured (Tokens.svelte).
// Texts become text nodes; nothing here parses markup.
import './token.css'
import type { TokenView } from '../../main/contract/runs.ts'
import { controlText, pieces } from './visibleText.ts'

/** So many are added in one frame: about 20 ms of work. */
const perFrame = 1000

function element(name: string, className: string, text = ''): HTMLElement {
  const made = document.createElement(name)
  made.className = className
  if (text !== '') made.append(text)
  return made
}

/** The box of one token, with `data-position`. */
export function tokenElement(token: TokenView, position: number, isShared: boolean): HTMLElement {
  const box = element('span', token.isSpecial ? 'token special' : isShared ? 'token shared' : 'token')
  box.setAttribute('role', 'option')
  box.setAttribute('aria-selected', 'false')
  box.tabIndex = -1
  box.dataset['testid'] = 'token'
  box.dataset['position'] = String(position)
  if (token.isSpecial) {
    box.append(controlText(token.text))
    return box
  }
  const list = pieces(token.text)
  if (list.length === 0) box.append(element('i', 'sign', '∅'))
  for (const piece of list)
    box.append(piece.kind === 'text' ? piece.text : element('i', `sign ${piece.kind}`, piece.text))
  return box
}

interface Row {
  tokens: readonly TokenView[]
  /** Position of the first of them in the step. */
  offset: number
  /** A seam stands before this index, where tokens before it stood in the step before. */
  sharedTo: number
}

/**
 * Fills a box with a row of tokens, the first part at once and the rest frame by frame.
 * @param grown  hears all elements so far, after each part
 * @returns the function that stops it and empties the box
 */
export function growTokens(box: HTMLElement, row: Row, grown: (elements: HTMLElement[]) => void): () => void {
  const elements: HTMLElement[] = []
  let frame = 0
  let line: HTMLElement | null = null
  const grow = (): void => {
    // Lines are boxes of their own, so that the browser can leave out those far from the screen.
    const part = document.createDocumentFragment()
    const end = Math.min(row.tokens.length, elements.length + perFrame)
    for (let index = elements.length; index < end; index++) {
      const token = row.tokens[index]
      if (token === undefined) break
      if (line === null) {
        line = element('div', 'line')
        part.append(line)
      }
      if (index === row.sharedTo && index > 0) line.append(element('span', 'seam'))
      const made = tokenElement(token, row.offset + index, index < row.sharedTo)
      elements.push(made)
      line.append(made)
      if (token.text.includes('\n')) line = null
    }
    box.append(part)
    if (end < row.tokens.length) frame = requestAnimationFrame(grow)
    grown([...elements])
  }
  grow()
  return () => {
    cancelAnimationFrame(frame)
    box.replaceChildren()
  }
}
