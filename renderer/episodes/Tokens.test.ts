// @vitest-environment happy-dom
import { flushSync, mount, unmount } from 'svelte'
import { afterEach, expect, it, vi } from 'vitest'
import Tokens from './Tokens.svelte'

const texts = ['<b>bold</b>', ' it', '?']
const tokens = texts.map((text, id) => ({ id, text, isSpecial: false }))
let shown: ReturnType<typeof mount> | undefined

function show(more: Partial<{ chosen: number; found: Map<number, boolean> }> = {}) {
  const onchoose = vi.fn()
  const onpoint = vi.fn()
  const target = document.body
  shown = mount(Tokens, {
    target,
    props: { tokens, offset: 7, label: 'Completion', onchoose, onpoint, ...more },
  })
  flushSync()
  const list = [...target.querySelectorAll<HTMLElement>('[data-testid="token"]')]
  return { list, onchoose, onpoint }
}
afterEach(async () => {
  if (shown) await unmount(shown)
  document.body.replaceChildren()
})

it('shows what a model wrote as text, whatever it is', () => {
  const { list } = show()
  expect(list.map((one) => one.textContent)).toEqual(['<b>bold</b>', '␠it', '?'])
  expect(document.querySelector('b')).toBeNull()
})

it('says which position was pressed', () => {
  const { list, onchoose } = show()
  list[1]?.click()
  expect(onchoose).toHaveBeenCalledWith(8)
})

it('marks the chosen token and lets the tab key enter there', () => {
  const { list } = show({ chosen: 9 })
  expect(list.map((one) => one.getAttribute('aria-selected'))).toEqual(['false', 'false', 'true'])
  expect(list.map((one) => one.tabIndex)).toEqual([-1, -1, 0])
})

it('walks from token to token by arrow keys and stops at the ends', () => {
  const { list, onchoose } = show({ chosen: 7 })
  const press = (at: number, key: string) =>
    list[at]?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
  press(0, 'ArrowLeft')
  expect(onchoose).not.toHaveBeenCalled()
  press(0, 'ArrowRight')
  expect(onchoose).toHaveBeenLastCalledWith(8)
  press(2, 'ArrowRight')
  expect(onchoose).toHaveBeenCalledTimes(1)
})

it('marks what the search found and the hit that is looked at', () => {
  const { list } = show({
    found: new Map([
      [7, false],
      [8, true],
    ]),
  })
  expect(list.map((one) => one.classList.contains('found'))).toEqual([true, true, false])
  expect(list.map((one) => one.classList.contains('current'))).toEqual([false, true, false])
})

it('tells the token under the pointer and that there is none any more', () => {
  const { list, onpoint } = show()
  list[2]?.dispatchEvent(new PointerEvent('pointerover', { bubbles: true }))
  expect(onpoint).toHaveBeenLastCalledWith(9, list[2])
  list[2]?.parentElement?.parentElement?.dispatchEvent(new PointerEvent('pointerleave'))
  expect(onpoint).toHaveBeenLastCalledWith(null, null)
})
