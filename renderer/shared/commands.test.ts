import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Commands, printKeys } from './commands.svelte.ts'

// A page is not needed for the bindings; only that no dialog is open and nothing is typed into.
vi.stubGlobal('document', { querySelector: () => null })
vi.stubGlobal('HTMLElement', EventTarget)
vi.stubGlobal('HTMLInputElement', EventTarget)

let time = 0
const press = (key: string, change: Partial<KeyboardEvent> = {}) =>
  ({ key, timeStamp: time, target: null, preventDefault: vi.fn(), ...change }) as unknown as KeyboardEvent

describe('Commands', () => {
  let commands: Commands
  const ran: string[] = []
  const one = (id: string, keys: string, more = {}) => ({
    id,
    title: id,
    group: '',
    keys,
    run: () => void ran.push(id),
    ...more,
  })
  beforeEach(() => {
    commands = new Commands()
    ran.length = 0
    time = 0
  })

  it('runs what is bound and tells the page that the key is taken', () => {
    commands.add([one('next', 'j')])
    const event = press('j')
    commands.handle(event)
    expect(ran).toEqual(['next'])
    expect(event.preventDefault).toHaveBeenCalled()
  })
  it('takes two keys one after the other, but not when too much time lies between', () => {
    commands.add([one('models', 'g m'), one('m', 'm')])
    commands.handle(press('g'))
    commands.handle(press('m'))
    commands.handle(press('g'))
    time = 5000
    commands.handle(press('m'))
    expect(ran).toEqual(['models', 'm'])
  })
  it('tells J from j and mod from none', () => {
    commands.add([one('step', 'j'), one('episode', 'J'), one('palette', 'mod+k')])
    commands.handle(press('J'))
    commands.handle(press('k', { ctrlKey: true }))
    commands.handle(press('j', { ctrlKey: true }))
    commands.handle(press('j', { altKey: true }))
    expect(ran).toEqual(['episode', 'palette'])
  })
  it('lets the last added win, unless an earlier one is urgent, and skips what is not enabled', () => {
    let isAsked = true
    commands.add([one('answer', 'n', { isUrgent: true, isEnabled: () => isAsked }), one('new', 'n')])
    const remove = commands.add([one('hit', 'n')])
    commands.handle(press('n'))
    isAsked = false
    commands.handle(press('n'))
    remove()
    commands.handle(press('n'))
    expect(ran).toEqual(['answer', 'hit', 'new'])
  })
  it('leaves a key alone that nobody bound or somebody else took', () => {
    commands.add([one('next', 'j')])
    const event = press('x')
    commands.handle(event)
    commands.handle(press('j', { defaultPrevented: true }))
    expect(event.preventDefault).not.toHaveBeenCalled()
    expect(ran).toEqual([])
  })
  it('runs by name, unless it is switched off or unknown', () => {
    commands.add([one('a', 'a'), one('b', 'b', { isEnabled: () => false })])
    for (const id of ['a', 'b', 'c']) commands.run(id)
    expect(ran).toEqual(['a'])
  })
})

it('keys are printed as on the keyboard', () => {
  expect(printKeys('mod+k', true)).toBe('⌘K')
  expect(printKeys('mod+enter', false)).toBe('Ctrl ↵')
  expect(printKeys('g m')).toBe('G then M')
  expect(printKeys('J')).toBe('⇧J')
  expect(printKeys(' ')).toBe('Space')
  expect(printKeys('?')).toBe('?')
})
