import { describe, expect, test } from 'vitest'
import { targetStep } from '../../analysis/steering/targetStep.ts'
import { stepEvidence } from './targetSteps.ts'

const row = (firstStep: number, away: number, towards: number) => ({ firstStep, away, towards })
const figure = (step: number, value: number | null, trained = step) => ({
  ...{ trainFirst: trained, testFirst: step },
  accuracy: { value, low: null, high: null },
})

describe('what upstream’s rule is given', () => {
  test('joins rows of the vector with the accuracy of the probe of that step', () => {
    const vectors = [row(0, 20, 10), row(1, 25, 5)]
    expect(stepEvidence(vectors, 'away', [figure(0, 0.8), figure(1, 0.9)])).toEqual([
      { step: 0, accuracy: 0.8, invalid: 20, valid: 10 },
      { step: 1, accuracy: 0.9, invalid: 25, valid: 5 },
    ])
    expect(stepEvidence(vectors, 'towards', [figure(1, 0.9)])).toEqual([
      { step: 1, accuracy: 0.9, invalid: 5, valid: 25 },
    ])
  })
  test('leaves out steps that no probe of their own judged', () => {
    const vectors = [row(0, 20, 10), row(1, 25, 5), row(2, 9, 9)]
    expect(stepEvidence(vectors, 'away', [figure(0, null), figure(1, 0.9, 0)])).toEqual([])
  })
  test('leads to the step with the largest accuracy × invalid rate', () => {
    const vectors = [row(3, 30, 10), row(4, 36, 4), row(5, 20, 20)]
    const evidence = stepEvidence(vectors, 'away', [figure(3, 0.9), figure(4, 0.99), figure(5, 0.95)])
    expect(targetStep(evidence)).toMatchObject({ step: 3, by: 'score' })
  })
})
