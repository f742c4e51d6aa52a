import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { dataSetRecipe, type DataSetChoices, type DataSetPreview } from '../../main/contract/dataSets.ts'
import { errors } from '../../main/contract/errors.ts'
import { RecipePreview } from './recipePreview.svelte.ts'

const recipe = (firstStep = 0) => dataSetRecipe.parse({ runIds: ['a'], filter: { firstStep } })
const preview = (rows: number) => ({ rows }) as DataSetPreview
const choices = { lastStep: 19 } as DataSetChoices
const made = (answer: (firstStep: number) => Promise<DataSetPreview>) => {
  const calls = {
    choices: vi.fn(async () => choices),
    preview: vi.fn((given: { filter?: { firstStep?: number } }) => answer(given.filter?.firstStep ?? 0)),
  }
  return { calls, shown: new RecipePreview(calls as never) }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the preview of a recipe', () => {
  it('asks once for many changes, with the last', async () => {
    const { calls, shown } = made(async (first) => preview(first))
    for (const first of [1, 2, 3]) shown.askSoon(recipe(first))
    await vi.runAllTimersAsync()
    expect(calls.preview).toHaveBeenCalledTimes(1)
    expect(shown.preview?.rows).toBe(3)
    expect(shown.isAsking).toBe(false)
  })
  it('drops an answer that comes after the next question', async () => {
    const answers: ((value: DataSetPreview) => void)[] = []
    const { shown } = made(() => new Promise((resolve) => answers.push(resolve)))
    shown.askSoon(recipe(1))
    await vi.runAllTimersAsync()
    shown.askSoon(recipe(2))
    await vi.runAllTimersAsync()
    answers[1]!(preview(2))
    answers[0]!(preview(1))
    await vi.runAllTimersAsync()
    expect(shown.preview?.rows).toBe(2)
  })
  it('says what the engine refused, and forgets it with the next answer', async () => {
    let isRefused = true
    const { shown } = made(async () => {
      if (isRefused) throw errors.notFound({ kind: 'run', id: 'a' })
      return preview(7)
    })
    shown.askSoon(recipe())
    await vi.runAllTimersAsync()
    expect(shown.error?.code).toBe('not_found')
    isRefused = false
    shown.askSoon(recipe(1))
    await vi.runAllTimersAsync()
    expect(shown.error).toBeNull()
  })
  it('shows nothing while the fields make no recipe', async () => {
    const { shown } = made(async () => preview(7))
    shown.askSoon(recipe())
    await vi.runAllTimersAsync()
    shown.askSoon(null)
    expect(shown.preview).toBeNull()
  })
  it('reads the choices of the same runs once, whatever their order, and again when they went on', async () => {
    const { calls, shown } = made(async () => preview(1))
    await shown.readChoices(['b', 'a'])
    await shown.readChoices(['a', 'b'])
    expect(calls.choices).toHaveBeenCalledTimes(1)
    shown.forget()
    await shown.readChoices(['a', 'b'])
    expect(calls.choices).toHaveBeenCalledTimes(2)
    await shown.readChoices([])
    expect(shown.choices).toBeNull()
  })
})
