import { describe, expect, it } from 'vitest'
import { verdictSettings, type SweepCondition, type VerdictSettingsInput } from '../../contract/steering.ts'
import type { VectorStability } from '../../contract/contrasts.ts'
import { normalGenerator } from '../normalDraws.ts'
import { seededGenerator } from '../seededGenerator.ts'
import { simulatedSweep, type SimulatedSweep } from './simulatedSweep.ts'
import { verdictCard, type SteeringSweep } from './verdictCard.ts'

const plan: SimulatedSweep = {
  episodes: 40,
  steps: 20,
  rate: 0.7,
  effect: -0.3,
  clusterCorrelation: 0.05,
  alphas: [1, 2, 4],
  randomDirections: 5,
}

/** A sweep whose side effects are all measured and do not change. */
function sweepOf(changes: Partial<SimulatedSweep> = {}): SweepCondition[] {
  const normal = normalGenerator(seededGenerator('lengths'))
  return simulatedSweep({ ...plan, ...changes }, 'verdict').map((condition) => ({
    ...condition,
    prompts: { firstTokenKl: Array.from({ length: 20 }, () => 0) },
    episodes: condition.episodes.map((episode) => ({
      ...episode,
      sideEffects: {
        length: 20 + normal(),
        win: 0,
        distinct2: 0.9,
        repetition: 0.05,
        perplexity: 8 + 0.1 * normal(),
      },
    })),
  }))
}
const judge = (sweep: SweepCondition[] | SteeringSweep, given: VerdictSettingsInput = {}) =>
  verdictCard(
    Array.isArray(sweep) ? { conditions: sweep } : sweep,
    verdictSettings.parse({ metric: 'invalid rate', bootstraps: 500, permutations: 999, ...given }),
  )
type Verdict = ReturnType<typeof judge>
const item = (verdict: Verdict, kind: string) => verdict.items.find((each) => each.kind === kind)!
const without = (conditions: SweepCondition[], role: string) =>
  conditions.filter((each) => each.role !== role)
/** The steered condition at the largest α under another role, its outcomes changed. */
const derived = (
  conditions: SweepCondition[],
  role: SweepCondition['role'],
  outcome: (value: number, index: number) => number,
  alpha: number | null = 4,
): SweepCondition => {
  const steered = conditions.find((each) => each.id === 'α = 4')!
  return {
    ...steered,
    id: role,
    title: role,
    role,
    alpha,
    episodes: steered.episodes.map((episode) => ({ ...episode, outcomes: episode.outcomes.map(outcome) })),
  }
}

describe('the verdict on a sweep', () => {
  it('is green for a large effect that random directions do not have, and says both in one sentence', () => {
    const verdict = judge(sweepOf())
    expect(verdict.overall).toMatchObject({ colour: 'green', conditionId: 'α = 4' })
    expect(verdict.overall.sentence).toMatch(
      /^α = 4 moves the invalid rate by −\d+ points \[−\d+, −\d+\] \(\d+ % → \d+ %\); random directions [−+]?\d+ points?\.$/,
    )
    expect(item(verdict, 'random').colour).toBe('green')
    expect(item(verdict, 'doseResponse').colour).toBe('green')
    expect(item(verdict, 'wrongWay').colour).toBe('green')
    expect(item(verdict, 'sideEffects').colour).toBe('green')
  })

  it('is never green without its control', () => {
    const verdict = judge(without(sweepOf(), 'random'))
    expect(verdict.overall.colour).toBe('amber')
    expect(verdict.overall.sentence).toContain('random directions were not tried')
    expect(item(verdict, 'random').colour).toBe('grey')
    expect([...verdict.conditions, ...verdict.doseResponses].map(({ colour }) => colour)).not.toContain(
      'green',
    )
    for (const kind of ['effect', 'wrongWay', 'doseResponse'])
      expect(item(verdict, kind).colour).not.toBe('green')
  })

  it('is amber with one random direction, which shows no spread', () => {
    const conditions = sweepOf().filter(({ id }) => !/^random [2-5]/.test(id))
    expect(judge(conditions).overall.colour).toBe('amber')
  })

  it('is red where random directions do as much', () => {
    const conditions = sweepOf()
    const own = new Map(
      conditions.filter(({ role }) => role === 'steered').map((each) => [each.alpha, each.episodes]),
    )
    const verdict = judge(
      conditions.map((each) => (each.role === 'random' ? { ...each, episodes: own.get(each.alpha)! } : each)),
    )
    expect(verdict.overall.colour).toBe('red')
    expect(verdict.overall.sentence).toContain('which is as much')
    expect(item(verdict, 'doseResponse').colour).toBe('red')
  })

  it('is red where the vector moves it the wrong way', () => {
    const verdict = judge(sweepOf({ effect: 0.25, rate: 0.4 }))
    expect(verdict.overall.colour).toBe('red')
    expect(verdict.overall.sentence).toContain('the wrong way')
    expect(judge(sweepOf({ effect: 0.25, rate: 0.4 }), { wanted: 'up' }).overall.colour).toBe('green')
  })

  it('says that there is nothing worth having where many episodes show none, and that it cannot tell where few do', () => {
    const many = judge(sweepOf({ effect: 0, episodes: 300, alphas: [4] }))
    expect(many.overall.colour).toBe('red')
    expect(many.overall.sentence).toMatch(/^Nothing moves the invalid rate by 10 points or more/)
    const few = judge(sweepOf({ effect: 0, episodes: 6, clusterCorrelation: 0.3 }))
    expect(few.overall.colour).toBe('amber')
    expect(few.overall.sentence).toContain('told apart from chance')
    expect(item(few, 'sensitivity').colour).toBe('amber')
  })

  it('calls an effect that is surely too small to be worth having so, however small its p', () => {
    const tiny = (changes: Partial<SimulatedSweep>) =>
      sweepOf({ effect: -0.03, episodes: 1000, clusterCorrelation: 0, alphas: [4], ...changes })
    for (const changes of [{}, { effect: 0.03 }]) {
      const verdict = judge(tiny(changes))
      const [only] = verdict.conditions
      expect(only).toMatchObject({ isClaim: true, colour: 'red' })
      expect(only.holm).toBeLessThan(0.01)
      expect(only.sentence).toContain('too small to be worth having (p = .00')
      expect(verdict.overall).toMatchObject({ colour: 'red', conditionId: 'α = 4' })
      expect(verdict.overall.sentence).toMatch(
        /^Nothing moves the invalid rate by 10 points or more: the largest/,
      )
    }
    expect(judge(tiny({}), { worthwhile: 0.01 }).overall.colour).toBe('green')
  })

  it('leaves open what one condition may do where another is surely too small', () => {
    const conditions = sweepOf({ effect: -0.03, episodes: 1000, clusterCorrelation: 0, alphas: [4] })
    const steered = conditions.find(({ id }) => id === 'α = 4')!
    const few = { ...steered, id: 'few', title: 'few', alpha: 8, episodes: steered.episodes.slice(0, 6) }
    const { overall, conditions: judged } = judge([...conditions, few])
    const [small, open] = ['α = 4', 'few'].map((id) => judged.find((each) => each.id === id)!)
    expect(small).toMatchObject({ isClaim: true, colour: 'red' })
    expect(open.colour).toBe('amber')
    expect(overall.colour).toBe('amber')
    expect(overall.sentence).toMatch(
      /^Nothing that may move the invalid rate by 10 points or more is told apart from chance: /,
    )
  })

  it('does not say that nothing moves it where one condition may, the other way', () => {
    const conditions = without(sweepOf({ effect: 0, episodes: 60, alphas: [1, 4] }), 'random')
    const baseline = conditions[0].episodes
    const outcomesOf = (id: string, outcome: (value: number, episode: number, step: number) => number) => ({
      ...conditions.find((each) => each.id === id)!,
      episodes: baseline.map((episode, e) => ({
        ...episode,
        outcomes: episode.outcomes.map((value, step) => outcome(value, e, step)),
      })),
    })
    const small = outcomesOf('α = 1', (value, e, step) => (e % 20 === 0 && step === 0 ? 0 : value))
    const wide = outcomesOf('α = 4', (value, e) => (e % 10 < 6 ? 1 : e % 10 < 8 ? 0 : value))
    const verdict = judge([conditions[0], small, wide])
    const [tight, open] = verdict.conditions
    expect(Math.max(-tight.effect.low!, tight.effect.high!)).toBeLessThan(0.1)
    expect(open.effect.high).toBeGreaterThan(0.1)
    expect(verdict.overall).toMatchObject({ colour: 'amber', conditionId: 'α = 4' })
    expect(verdict.overall.sentence).toContain('told apart from chance')
  })

  it('does not say that random directions do as much where it is only not shown that they do not', () => {
    const conditions = sweepOf({ effect: -0.2, episodes: 14, clusterCorrelation: 0.2, alphas: [4] })
    const verdict = judge(
      conditions.map((each) =>
        each.role === 'random'
          ? {
              ...each,
              episodes: each.episodes.map((episode) => ({
                ...episode,
                outcomes: episode.outcomes.map((value, step) => (step % 8 === 0 ? 0 : value)),
              })),
            }
          : each,
      ),
      { level: 0.1 },
    )
    const { random, holm } = verdict.conditions[0]
    expect(holm).toBeLessThan(0.1)
    expect(random!.advantage.low! * random!.advantage.high!).toBeLessThan(0)
    expect(verdict.overall.colour).toBe('amber')
    expect(verdict.overall.sentence).toContain('no more than these is shown')
    expect(item(verdict, 'random').sentence).toContain('not shown to do more')
  })

  it('takes an object that is played in several episodes for one', () => {
    const conditions = sweepOf({ alphas: [4] })
    const shared = conditions.map((each) => ({
      ...each,
      episodes: each.episodes.map((episode, i) => ({ ...episode, task: `object ${i % 5}` })),
    }))
    const [many, few] = [conditions, shared].map((each) => judge(each).conditions[0])
    expect(few.effect.value).toBe(many.effect.value)
    // Five objects that all agree: 2 of 2⁵ swaps are as large.
    expect(few.p).toBeCloseTo(2 / 32, 1)
    expect(many.p).toBeLessThan(0.01)
  })

  it('knows how small an effect could be found where each episode counts one number', () => {
    const verdict = judge(sweepOf({ steps: 1, episodes: 300, clusterCorrelation: 0 }))
    expect(verdict.sensitivity).toMatchObject({ clusterCorrelation: null, designEffect: 1 })
    expect(verdict.sensitivity.smallestEffect).toBeGreaterThan(0.05)
    expect(item(verdict, 'sensitivity').sentence).toContain('claimed about four times in five')
  })

  it('does not change with the order of the conditions, and is the same for the same seed', () => {
    const conditions = sweepOf()
    const first = judge(conditions)
    expect(judge(conditions)).toEqual(first)
    const turned = judge([conditions[0], ...conditions.slice(1).reverse()])
    expect(turned.overall).toEqual(first.overall)
    expect(turned.conditions.toReversed()).toEqual(first.conditions)
  })

  it('can be written as JSON and read back', () => {
    const verdict = judge(sweepOf())
    expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict)
  })

  it('counts episodes without a pair, and is grey where nothing was steered', () => {
    const conditions = sweepOf()
    const steered = conditions.find(({ id }) => id === 'α = 4')!
    steered.episodes = steered.episodes.map((episode, i) => (i < 3 ? { ...episode, seed: 900 + i } : episode))
    expect(judge(conditions).conditions.find(({ id }) => id === 'α = 4')).toMatchObject({
      pairs: 37,
      unpaired: 3,
    })
    expect(judge([conditions[0]]).overall).toMatchObject({ colour: 'grey', conditionId: null })
    steered.episodes = []
    expect(judge([conditions[0], steered]).overall).toMatchObject({ colour: 'grey', conditionId: 'α = 4' })
  })

  it('is refused without a baseline, and where something comes twice', () => {
    const conditions = sweepOf()
    expect(() => judge(without(conditions, 'baseline'))).toThrow('one baseline')
    expect(() => judge([...conditions, conditions[1]])).toThrow('two conditions have the id')
    expect(() => judge([...conditions, { ...conditions[1], id: 'again' }])).toThrow('same α')
  })
})

describe('what is said of a curve', () => {
  const swapped = (conditions: SweepCondition[]) => {
    const own = (alpha: number) => conditions.find(({ id }) => id === `α = ${alpha}`)!.episodes
    const other = new Map([
      ['α = 2', own(4)],
      ['α = 4', own(2)],
    ])
    return conditions.map((each) => ({ ...each, episodes: other.get(each.id) ?? each.episodes }))
  }

  it('is “more with every dose” only where every dose does more than the one before', () => {
    for (const conditions of [sweepOf(), without(sweepOf(), 'random')]) {
      const rising = judge(conditions).doseResponses[0]
      expect(rising.points.map(({ rate }) => rate)).toEqual(
        rising.points.map(({ rate }) => rate).toSorted((a, b) => b - a),
      )
      expect(rising.sentence).toContain('more with every dose')
      const bent = judge(swapped(conditions)).doseResponses[0]
      expect(bent.p).toBeLessThan(0.05)
      expect(bent.colour).toBe(rising.colour)
      expect(bent.sentence).not.toContain('more with every dose')
      expect(bent.sentence).toContain('a trend, but not more with each dose')
    }
  })
})

describe('controls on the card', () => {
  const conditions = sweepOf()
  const baseline = conditions[0]
  const back = (_: number, index: number): number => (index % 10 < 7 ? 1 : 0)

  it('a vector from shuffled labels that does as much puts a green effect in doubt', () => {
    const same = judge([...conditions, derived(conditions, 'shuffled', (value) => value)])
    expect(item(same, 'shuffled').colour).toBe('amber')
    expect(same.overall.colour).toBe('amber')
    expect(same.overall.sentence).toContain('in doubt because of: shuffled labels')
    const other = { ...derived(conditions, 'shuffled', (value) => value), episodes: baseline.episodes }
    expect(item(judge([...conditions, other]), 'shuffled').colour).toBe('green')
  })

  it('−α that does the same is no steering, and −α that does the opposite is', () => {
    const same = judge([...conditions, derived(conditions, 'negated', (value) => value, -4)])
    expect(item(same, 'negated').colour).toBe('red')
    expect(same.overall.colour).toBe('amber')
    const opposite = judge([...conditions, derived(conditions, 'negated', () => 1, -4)])
    expect(item(opposite, 'negated').colour).toBe('green')
    expect(opposite.doseResponses[0].points.map(({ alpha }) => alpha)).toEqual([-4, 0, 1, 2, 4])
  })

  it('−α that is a dose of the grid counts as the opposite sign, too', () => {
    const mirrored = (outcome: (value: number) => number) =>
      judge([...conditions, { ...derived(conditions, 'steered', outcome, -4), id: 'α = -4' }])
    const same = mirrored((value) => value)
    expect(same.overall.conditionId).toBe('α = 4')
    expect(item(same, 'negated').colour).toBe('red')
    expect(item(same, 'negated').sentence).toContain('disturbs rather than steers')
    expect(same.overall.colour).toBe('amber')
    expect(same.overall.sentence).toContain('in doubt because of: opposite sign')
    expect(
      item(
        mirrored(() => 1),
        'negated',
      ).colour,
    ).toBe('green')
    expect(item(judge(conditions), 'negated').colour).toBe('grey')
  })

  it('an orthogonalised vector that does nothing says where the effect was', () => {
    const nothing = { ...derived(conditions, 'orthogonal', (value) => value), episodes: baseline.episodes }
    expect(item(judge([...conditions, nothing]), 'orthogonal').colour).toBe('amber')
    expect(
      item(judge([...conditions, derived(conditions, 'orthogonal', (value) => value)]), 'orthogonal').colour,
    ).toBe('green')
  })

  it('just asking may do more, less, or as much', () => {
    const card = (outcome: (value: number, index: number) => number) =>
      item(judge([...conditions, derived(conditions, 'prompt', outcome, null)]), 'promptArm')
    expect(card(() => 0)).toMatchObject({ colour: 'red' })
    expect(card(() => 0).sentence).toContain('asking does more')
    expect(card(back)).toMatchObject({ colour: 'green' })
    expect(card((value) => value)).toMatchObject({ colour: 'amber' })
  })

  it('steering that does nothing is no better than words that do harm', () => {
    const nothing = sweepOf({ effect: 0 })
    const prompt = derived(nothing, 'prompt', () => 1, null)
    const card = item(judge([...nothing, prompt]), 'promptArm')
    expect(card.colour).toBe('amber')
    expect(card.sentence).toContain('own effect does not stand')
    expect(card.sentence).not.toContain('steering does more')
  })

  it('an unstable vector keeps the card from being green', () => {
    const stability = (cosine: number, low: number): VectorStability => ({
      curve: [{ episodes: 20, cosine, low, high: cosine + 0.1 }],
      reliability: null,
      episodesNeeded: null,
      episodesNeededLow: null,
      episodesNeededHigh: null,
    })
    const unstable = judge({ conditions, stability: { '': [stability(0.04, -0.2)] } })
    expect(item(unstable, 'stability').colour).toBe('red')
    expect(unstable.overall.colour).toBe('amber')
    const stable = judge({
      conditions,
      stability: { '': [stability(0.9, 0.8), stability(0.1, 0), stability(0.85, 0.7)] },
    })
    expect(item(stable, 'stability')).toMatchObject({ colour: 'green' })
    expect(item(stable, 'stability').sentence).toContain(
      '0.85 [0.70, 0.95] (the middle one of the vector’s 3 rows)',
    )
    // Another vector of the sweep, however unstable, says nothing of this one.
    const beside = judge({
      conditions,
      stability: { '': [stability(0.9, 0.8)], other: [stability(0.04, -0.2), stability(0.01, -0.2)] },
    })
    expect(item(beside, 'stability')).toMatchObject({ colour: 'green' })
    expect(item(judge({ conditions, stability: { other: [stability(0.9, 0.8)] } }), 'stability').colour).toBe(
      'grey',
    )
  })
})

describe('side effects', () => {
  /** Side effects of every steered condition changed. */
  const changed = (
    change: (values: Record<string, number | null>, index: number) => Record<string, number | null>,
  ) =>
    sweepOf().map((condition) =>
      condition.role === 'steered'
        ? {
            ...condition,
            episodes: condition.episodes.map((episode, i) => ({
              ...episode,
              sideEffects: change(episode.sideEffects, i),
            })),
          }
        : condition,
    )

  it('in green keep, and in red take away, the card’s green', () => {
    const verdict = judge(changed((values) => ({ ...values, length: values.length! / 2 })))
    expect(item(verdict, 'sideEffects').colour).toBe('red')
    expect(item(verdict, 'sideEffects').sentence).toContain('answer length')
    expect(verdict.overall.colour).toBe('amber')
  })

  it('of which one was not measured leave the row grey, name it, and keep the card from being green', () => {
    const verdict = judge(changed((values) => ({ ...values, perplexity: null })))
    expect(item(verdict, 'sideEffects').colour).toBe('grey')
    expect(item(verdict, 'sideEffects').sentence).toContain(
      'Not measured: perplexity under the unsteered model.',
    )
    expect(verdict.overall.colour).toBe('amber')
  })

  it('that were not measured keep the card from being green', () => {
    const verdict = judge(simulatedSweep(plan, 'verdict'))
    expect(item(verdict, 'sideEffects').colour).toBe('grey')
    expect(verdict.overall.colour).toBe('amber')
  })

  it('that are no numbers are named and red', () => {
    const verdict = judge(
      changed((values, i) => (i < 2 ? { ...values, perplexity: NaN } : { ...values, perplexity: 8 })),
    )
    const effect = verdict.conditions
      .find(({ id }) => id === 'α = 4')!
      .sideEffects.find(({ name }) => name === 'perplexity')!
    expect(effect).toMatchObject({ colour: 'red', notFinite: 2 })
    expect(effect.sentence).toContain('no finite number in 2 episodes')
    expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict)
  })

  describe('of prompts', () => {
    const told = (own: (number | null)[]) => {
      const conditions = sweepOf().map((condition) => ({
        ...condition,
        prompts: {
          firstTokenKl: condition.role === 'baseline' ? own.map(() => 0) : own,
        },
      }))
      const { sideEffects } = judge(conditions).conditions.find(({ id }) => id === 'α = 4')!
      return sideEffects.find(({ name }) => name === 'firstTokenKl')!
    }
    const spread = (mean: number) => Array.from({ length: 20 }, (_, i) => mean * (0.5 + i / 19))

    it('have an interval from resampled prompts, and the colour that it gives', () => {
      const large = told(spread(0.5))
      expect(large.effect.value).toBeCloseTo(0.5, 10)
      expect(large.effect.low).toBeGreaterThan(0.4)
      expect(large.effect.high).toBeLessThan(0.6)
      expect(large.colour).toBe('red')
      expect(told(spread(0.1)).colour).toBe('amber')
      expect(told(spread(0.01)).colour).toBe('green')
    })

    it('that are no numbers are counted as prompts', () => {
      const broken = told([NaN, Infinity, ...spread(0.01)])
      expect(broken).toMatchObject({ colour: 'red', notFinite: 2 })
      expect(broken.sentence).toContain('in 2 prompts')
    })

    it('that were not asked are not measured', () => {
      expect(told(spread(1).map(() => null)).colour).toBe('grey')
      expect(() =>
        judge(sweepOf().map((one, i) => ({ ...one, prompts: { win: i === 0 ? [0] : [0, 0] } }))),
      ).toThrow('2 prompts beside 1')
    })
  })

  it('that are told for information have no colour, and are neither good nor missing', () => {
    const conditions = sweepOf().map((condition) => ({
      ...condition,
      episodes: condition.episodes.map((episode, i) => ({
        ...episode,
        sideEffects: { ...episode.sideEffects, decisionKl: condition.role === 'baseline' ? 0 : 2 + i / 100 },
      })),
    }))
    const verdict = judge(conditions)
    const told = verdict.conditions.find(({ id }) => id === 'α = 4')!
    expect(told.sideEffects.find(({ name }) => name === 'decisionKl')).toMatchObject({
      colour: 'grey',
      sentence: expect.stringContaining('for information') as string,
    })
    expect(item(verdict, 'sideEffects').colour).toBe(item(judge(sweepOf()), 'sideEffects').colour)
    expect(item(verdict, 'sideEffects').sentence).not.toContain('own steps')
    expect(verdict.overall.colour).toBe('green')
  })

  it('are compared as ratios where they spread over magnitudes', () => {
    const conditions = sweepOf().map((condition) => ({
      ...condition,
      episodes: condition.episodes.map((episode, i) => ({
        ...episode,
        sideEffects: { perplexity: 10 ** (i % 5) * (condition.role === 'steered' ? 2 : 1) },
      })),
    }))
    const { sideEffects } = judge(conditions).conditions.find(({ id }) => id === 'α = 4')!
    const effect = sideEffects.find(({ name }) => name === 'perplexity')!
    expect(effect.effect.value).toBeCloseTo(2, 10)
    expect(effect).toMatchObject({ colour: 'red' })
    conditions[0].episodes[0].sideEffects.perplexity = 0
    expect(() => judge(conditions)).toThrow('not positive')
  })

  it('an effect that comes with shorter answers says how much of it does', () => {
    // In every episode the change of length and that of the outcome go together.
    const conditions = sweepOf()
    const baseline = conditions[0]
    const rateOf = (outcomes: number[]): number => outcomes.reduce((a, b) => a + b, 0) / outcomes.length
    const lengths = conditions.map((condition) => ({
      ...condition,
      episodes: condition.episodes.map((episode, i) => ({
        ...episode,
        sideEffects: { length: 20 + 10 * (rateOf(episode.outcomes) - rateOf(baseline.episodes[i].outcomes)) },
      })),
    }))
    expect(judge(lengths).conditions.find(({ id }) => id === 'α = 4')!.lengthShare).toBeCloseTo(1, 6)
    expect(judge(lengths).overall.sentence).toContain('100 % of it goes with answer length')
    expect(judge(conditions).conditions.find(({ id }) => id === 'α = 4')!.lengthShare).toBeNull()
  })

  it('is told as a share of the effect only where it is one', () => {
    const conditions = sweepOf({ alphas: [4] })
    const rateOf = (outcomes: number[]): number => outcomes.reduce((a, b) => a + b, 0) / outcomes.length
    const changesOf = ({ episodes }: SweepCondition): number[] =>
      episodes.map(({ outcomes }, i) => rateOf(outcomes) - rateOf(conditions[0].episodes[i].outcomes))
    /** Lengths that follow the outcome, moved so that this share goes with them. */
    const told = (share: number): Verdict =>
      judge(
        conditions.map((condition) => {
          const changes = changesOf(condition)
          const moved = condition.role === 'baseline' ? 0 : (share - 1) * rateOf(changes)
          return {
            ...condition,
            episodes: condition.episodes.map((episode, i) => ({
              ...episode,
              sideEffects: { length: 50 + 10 * (changes[i] + moved) },
            })),
          }
        }),
      )
    const sentenceAt = (share: number): string => item(told(share), 'sideEffects').sentence
    expect(told(-0.3).conditions[0].lengthShare).toBeCloseTo(-0.3, 6)
    expect(sentenceAt(0.4)).toContain('40 % of the effect goes with the change of answer length.')
    expect(sentenceAt(1)).toContain('100 % of the effect goes')
    expect(sentenceAt(-0.3)).toContain('The change of answer length goes with a change the other way.')
    expect(sentenceAt(1.6)).toContain('The change of answer length goes with more than the whole effect.')
    for (const share of [-0.3, 1.6, 0.02, -0.02])
      expect(sentenceAt(share)).not.toContain('of the effect goes')
    for (const share of [0.02, -0.02]) expect(sentenceAt(share)).not.toContain('change of answer length')
    expect(told(1.6).overall.sentence).toContain('more than all of it goes with answer length')
    expect(told(-0.3).overall.sentence).not.toContain('answer length')
  })
})
