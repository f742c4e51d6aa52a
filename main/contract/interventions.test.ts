import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { interventionList, phaseOf, type InterventionInput } from './interventions.ts'

const page = readFileSync(new URL('../../docs/interventions.md', import.meta.url), 'utf8')
const hook = 'blocks.0.hook_resid_post'

const problems = (...list: unknown[]): string[] =>
  interventionList
    .safeParse(list)
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []

describe('the language of interventions', () => {
  it('has the examples of its page', () => {
    const examples = [...page.matchAll(/```json\n(.*?)```/gs)].map(
      ([, text]) => JSON.parse(text) as InterventionInput[] | { interventions: InterventionInput[] },
    )
    expect(examples).toHaveLength(2)
    for (const example of examples)
      expect(problems(...(Array.isArray(example) ? example : example.interventions))).toEqual([])
  })

  it.each<[InterventionInput['positions'], string]>([
    ['lastPrompt', 'prompt'],
    ['everyGenerated', 'decode'],
    ['all', 'both'],
    [{ at: -1 }, 'prompt'],
    [{ tokens: 'cat' }, 'prompt'],
  ])('knows the phase of %o', (positions, phase) => {
    expect(phaseOf({ positions })).toBe(phase)
  })

  it.each([
    [{ kind: 'zeroAblate', hook, positions: 'lastPrompt', phase: 'both' }, /phase: .*“prompt” only/],
    [{ kind: 'zeroAblate', hook, positions: 'everyGenerated', phase: 'prompt' }, /“decode” only/],
    [{ kind: 'zeroAblate', hook, positions: { first: 8, last: 5 } }, /comes after/],
    [{ kind: 'zeroAblate', hook, positions: { at: 1.5 } }, /lastPrompt, allPrompt/],
    [{ kind: 'zeroAblate', hook: [], positions: 'all' }, /hook/],
    [{ kind: 'zeroAblate', hook, positions: 'all', head: [1] }, /"head"/],
    [{ kind: 'clamp', hook, positions: 'all', vector: { values: [1] }, low: 2, high: 1 }, /greater/],
    [{ kind: 'clamp', hook, positions: 'all', vector: { values: [1] } }, /low/],
    [{ kind: 'add', hook, positions: 'all', vector: { values: [Infinity] }, alpha: 1 }, /finite/],
    [{ kind: 'add', hook, positions: 'all', vector: { values: [1] }, alpha: NaN }, /alpha/],
    [{ kind: 'zeroAblate', hook, positions: 'all', gate: { vector: { values: [1] } } }, /above/],
  ])('refuses %o', (item, problem) => {
    expect(problems(item)).toEqual([expect.stringMatching(problem)])
  })

  it.each<[InterventionInput, string | undefined]>([
    [{ kind: 'zeroAblate', hook, positions: 'all', phase: 'decode' }, 'decode'],
    [{ kind: 'zeroAblate', hook, positions: { tokens: [1] }, phase: 'both' }, 'both'],
    [{ kind: 'zeroAblate', hook, positions: { first: 5, last: -1 } }, undefined],
  ])('takes %o', (item, phase) => {
    expect(interventionList.parse([item])[0].phase).toBe(phase)
  })
})
