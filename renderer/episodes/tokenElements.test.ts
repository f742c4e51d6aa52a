// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { TokenView } from '../../main/contract/runs.ts'
import { growTokens, tokenElement } from './tokenElements.ts'

const token = (text: string, isSpecial = false): TokenView => ({ id: 1, text, isSpecial })
const shown = (text: string, isSpecial = false): string | null =>
  tokenElement(token(text, isSpecial), 0, false).textContent

/** Frames that come when a test says so. */
let frames: FrameRequestCallback[] = []
const nextFrame = (): void => frames.splice(0).forEach((frame) => frame(0))
beforeEach(() => {
  frames = []
  vi.stubGlobal('requestAnimationFrame', (frame: FrameRequestCallback) => frames.push(frame))
  vi.stubGlobal('cancelAnimationFrame', () => (frames = []))
})
afterEach(() => void vi.unstubAllGlobals())

describe('the element of a token', () => {
  it.each([
    '<img src=x onerror=alert(1)>',
    '<script>alert(1)</script>',
    '</span><h1>out</h1>',
    '&lt;b&gt;',
    '" onclick="alert(1)',
    '{@html evil}',
  ])('shows %j as text and makes no element of it', (text) => {
    for (const isSpecial of [false, true]) {
      const box = tokenElement(token(text, isSpecial), 0, false)
      const made = [...box.querySelectorAll('*')]
      expect(made.every((one) => one.matches('i.sign'))).toBe(true)
      expect(box.getAttributeNames().filter((name) => name.startsWith('on'))).toEqual([])
    }
    expect(shown(text)).toBe(text.replaceAll(' ', '␠'))
  })

  it('names what would be invisible or would turn its neighbours round', () => {
    expect(shown('a\u202eb\u0000')).toBe('a⟨U+202E⟩b⟨U+0000⟩')
    expect(shown('⟨0xF0⟩')).toBe('⟨0xF0⟩')
    expect(shown('')).toBe('∅')
    expect(shown('<|im_end|>', true)).toBe('⟨im_end⟩')
  })

  it('tells its place, and whether the step before had it', () => {
    const box = tokenElement(token(' it'), 41, true)
    expect(box.dataset['position']).toBe('41')
    expect(box.classList.contains('shared')).toBe(true)
    expect(tokenElement(token(' it'), 41, false).classList.contains('shared')).toBe(false)
  })
})

describe('a row of tokens', () => {
  const row = (count: number, sharedTo = 0) => ({
    tokens: Array.from({ length: count }, (_, i) => token(i % 10 === 9 ? '\n' : ` t${i}`)),
    offset: 100,
    sharedTo,
  })
  const positions = (box: HTMLElement): number[] =>
    [...box.querySelectorAll<HTMLElement>('[data-position]')].map((one) => Number(one.dataset['position']))

  it('stands at once where it is short, a line for each line of text', () => {
    const box = document.createElement('div')
    const grown = vi.fn()
    growTokens(box, row(25), grown)
    expect(grown).toHaveBeenCalledTimes(1)
    expect(positions(box)).toEqual(Array.from({ length: 25 }, (_, i) => 100 + i))
    expect(box.querySelectorAll('.line')).toHaveLength(3)
    expect(frames).toHaveLength(0)
  })

  it('grows frame by frame where it is long, and loses no token at the joints', () => {
    const box = document.createElement('div')
    const counts: number[] = []
    growTokens(box, row(2500), (elements) => counts.push(elements.length))
    while (frames.length) nextFrame()
    expect(counts[0]).toBeLessThan(2500)
    expect(counts.at(-1)).toBe(2500)
    expect(positions(box)).toEqual(Array.from({ length: 2500 }, (_, i) => 100 + i))
  })

  it('has one seam, before the first token that is new', () => {
    const box = document.createElement('div')
    growTokens(box, row(5, 3), () => {})
    expect(box.querySelectorAll('.seam')).toHaveLength(1)
    expect(box.querySelector('.seam')?.nextElementSibling?.getAttribute('data-position')).toBe('103')
    expect(box.querySelectorAll('.shared')).toHaveLength(3)
  })

  it('stops and leaves nothing behind when it is taken away', () => {
    const box = document.createElement('div')
    const grown = vi.fn()
    growTokens(box, row(2500), grown)()
    nextFrame()
    expect(box.childElementCount).toBe(0)
    expect(grown).toHaveBeenCalledTimes(1)
  })
})
