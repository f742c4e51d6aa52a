// The form and the engine must say the same: what one takes the other does not refuse, and a run is called what was promised.
import { describe, expect, test } from 'vitest'
import { collectSettings } from '../../main/contract/runs.ts'
import { select } from '../../main/environments/selection.ts'
import { defaultRunName } from '../../main/jobs/runName.ts'
import { checkDraft, newDraft, standardName, type RunDraft } from '../../renderer/runs/runDraft.ts'
import { selectionFault } from '../../renderer/runs/selectionChoice.ts'

const draft: RunDraft = { ...newDraft(), modelId: 'm', layers: '0' }

describe('the new-run form beside the engine', () => {
  test('takes a selection where the engine does', () => {
    const numbers = ['', '0', '1', '4', '5', '9', '-1', '-5', '-6']
    const texts = [
      ...numbers.map((n) => `:${n}`),
      ...numbers.flatMap((from) => numbers.map((to) => `:${from}:${to}`)),
      ...[0, 1, 4, 5, 7].flatMap((part) => [0, 1, 5, 7, 8, 20].map((parts) => `@${part}/${parts}`)),
      ...['', 'x', '5', ':1:2:3', '@1', '@-1/2', ' :2 '],
    ]
    const isRefused = (text: string): boolean => {
      try {
        select(['a', 'b', 'c', 'd', 'e'], text)
        return false
      } catch {
        return true
      }
    }
    const differing = texts.filter((text) => isRefused(text) !== (selectionFault(text, 5) !== null))
    expect(texts.filter(isRefused).length).toBeGreaterThan(20)
    expect(differing).toEqual([])
  })

  test('promises the name that the engine gives', () => {
    const changes: Partial<RunDraft>[] = [
      {},
      { environment: 'number_hunt', seed: 7 },
      { temperature: 0.7, maxSteps: 3 },
      { computeDtype: 'int8' },
    ]
    for (const change of changes) {
      const { settings } = checkDraft({ ...draft, ...change }, 30)
      expect(standardName({ ...draft, ...change }, 'Smol')).toBe(
        defaultRunName(collectSettings.parse(settings), 'Smol'),
      )
    }
  })
})
