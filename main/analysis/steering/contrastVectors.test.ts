import { describe, expect, it } from 'vitest'
import { contrastSettings, type ContrastSettingsInput } from '../../contract/contrasts.ts'
import { normalGenerator } from '../normalDraws.ts'
import { seededGenerator } from '../seededGenerator.ts'
import { pairsByStep, pairsStayWithin, shuffledLabels, type ContrastRows } from './contrastRows.ts'
import { contrastVectors, shuffledLabelVectors } from './contrastVectors.ts'
import { cosine, normOf } from './vectorGeometry.ts'

const WIDTH = 40
const settings = (given: ContrastSettingsInput = {}) =>
  contrastSettings.parse({ splits: 60, shuffles: 60, ...given })
const signal = Float64Array.from({ length: WIDTH }, (_, i) => (i === 3 ? 1 : 0))

/** Episodes of five steps, a class by chance; classes lie `distance` apart along one axis, noise has deviation 1 in each. */
function rows(distance: number, episodes = 40, seed = 'rows'): ContrastRows {
  const random = seededGenerator(seed)
  const normal = normalGenerator(random)
  const n = episodes * 5
  const labels = Int32Array.from({ length: n }, () => (random() < 0.4 ? 1 : 0))
  return {
    width: WIDTH,
    labels,
    data: Float32Array.from({ length: n * WIDTH }, (_, i) => {
      const label = labels[Math.floor(i / WIDTH)]
      return normal() + distance * (label - 0.5) * signal[i % WIDTH]
    }),
    episodes: Int32Array.from({ length: n }, (_, row) => Math.floor(row / 5)),
    steps: Int32Array.from({ length: n }, (_, row) => row % 5),
  }
}
const kinds = (made: ReturnType<typeof contrastVectors>, index = 0): string[] =>
  made.document.vectors[index].flags.map(({ kind }) => kind)

describe('a contrast vector', () => {
  it('of classes that differ points along the difference, and nothing speaks against it', () => {
    const made = contrastVectors(rows(3), settings())
    expect(cosine(made.vectors[0]!, signal)).toBeGreaterThan(0.9)
    const [report] = made.document.vectors
    expect(report.flags).toEqual([])
    expect(report.heldOutDPrime).toBeGreaterThan(2)
    expect(report.shuffled!.p).toBeLessThan(0.05)
    expect(report.normFraction).toBeCloseTo(report.norm! / made.document.residualNorm!, 12)
  })

  it('of classes that do not differ is called unstable, no longer than shuffled, and of no use on unseen episodes', () => {
    const made = contrastVectors(rows(0), settings())
    expect(kinds(made)).toEqual(['unstable', 'likeShuffled', 'indistinct'])
    expect(made.vectors[0]).not.toBeNull()
    // On its own rows it seems to separate; that is why unseen ones are looked at.
    expect(made.document.vectors[0].dPrime).toBeGreaterThan(0.5)
    expect(made.document.vectors[0].stability!.episodesNeeded).toBeNull()
  })

  it('is the same for the same seed, and its vector for any', () => {
    const data = rows(1)
    const first = contrastVectors(data, settings())
    expect(contrastVectors(data, settings())).toEqual(first)
    const other = contrastVectors(data, settings({ seed: 7 }))
    expect(other.vectors).toEqual(first.vectors)
    expect(other.document.vectors[0].stability).not.toEqual(first.document.vectors[0].stability)
  })

  it('is refused in words with four rows of a class, and where a step has one class only', () => {
    const data = rows(2)
    const towards = [...data.labels.keys()].filter((row) => data.labels[row] === 1 && data.steps[row] === 2)
    for (const row of towards.slice(4)) data.labels[row] = 0
    data.steps.forEach((step, row) => {
      if (step === 4) data.labels[row] = 1
    })
    const made = contrastVectors(data, settings({ scope: { kind: 'perStep' } }))
    expect(made.vectors.map((vector) => vector !== null)).toEqual([true, true, false, true, false])
    expect(made.document.vectors[2].flags).toEqual([
      {
        kind: 'fewSamples',
        isRefusal: true,
        text: 'At step 2 there are 4 rows of the class to steer to and 36 of the other; 5 of each are needed.',
      },
    ])
    expect(made.document.cosines[2]).toEqual([null, null, null, null, null])
    expect(made.document.path!.points.map((point) => point !== null)).toEqual([
      true,
      true,
      false,
      true,
      false,
    ])
  })

  it('is refused as zero where all rows of a step are the same', () => {
    const data = rows(2)
    data.steps.forEach((step, row) => {
      if (step === 0) data.data.fill(1.5, row * WIDTH, (row + 1) * WIDTH)
    })
    const made = contrastVectors(data, settings({ scope: { kind: 'perStep' } }))
    expect(kinds(made)).toEqual(['zero'])
    expect(made.vectors[0]).toBeNull()
  })

  it('that may say only “late” is flagged', () => {
    const data = rows(2)
    data.steps.forEach((step, row) => (data.labels[row] = step >= 3 ? 1 : 0))
    expect(kinds(contrastVectors(data, settings()))).toContain('stepsDiffer')
  })

  it('leaves rows as long as attention sinks out of the residual’s norm, and says so', () => {
    const data = rows(2)
    const before = contrastVectors(data, settings()).document.residualNorm!
    data.data.fill(1e4, 0, WIDTH)
    const made = contrastVectors(data, settings())
    expect(made.document.sinkRows).toBe(1)
    expect(made.document.residualNorm).toBeCloseTo(before, 0)
    expect(kinds(made)).toContain('sinkRows')
  })

  it('of means over tokens has no share of a token’s residual, and says why; what is zero is refused all the same', () => {
    const made = contrastVectors({ ...rows(2), areMeans: true }, settings())
    expect(made.document.residualNorm).toBeNull()
    expect(made.document.residualNormUnknown).toContain('means over several tokens')
    expect(made.document.vectors[0].normFraction).toBeNull()
    const { vectors, document } = contrastVectors(rows(2), settings())
    expect(document).not.toHaveProperty('residualNormUnknown')
    expect(made.vectors).toEqual(vectors)
    const same = { ...rows(2), areMeans: true }
    same.data.fill(1)
    expect(kinds(contrastVectors(same, settings()))).toEqual(['zero'])
  })

  it('needs pairs for a component of pairs', () => {
    expect(kinds(contrastVectors(rows(2), settings({ kind: 'pairedComponent' })))).toEqual(['noPairs'])
  })

  it('cannot be whitened where classes have no spread', () => {
    const data = rows(0)
    data.data.set(Float32Array.from(data.data, (_, i) => data.labels[Math.floor(i / WIDTH)]))
    expect(kinds(contrastVectors(data, settings({ kind: 'whitened' })))).toEqual(['degenerate'])
  })

  it('whitened beats the plain one where noise is large along one axis', () => {
    const data = rows(2)
    const normal = normalGenerator(seededGenerator('loud'))
    for (let row = 0; row < data.labels.length; row++) data.data[row * WIDTH + 20] = 15 * normal()
    const [plain, whitened] = (['meanDifference', 'whitened'] as const).map(
      (kind) => contrastVectors(data, settings({ kind })).vectors[0]!,
    )
    expect(cosine(whitened, signal)!).toBeGreaterThan(cosine(plain, signal)! + 0.1)
    expect(normOf(whitened)).toBeCloseTo(normOf(plain), 4)
  })

  it('of an empty data set is none', () => {
    const empty = new Int32Array(0)
    const made = contrastVectors(
      { width: 3, data: new Float32Array(0), labels: empty, episodes: empty, steps: empty },
      settings(),
    )
    expect(made).toMatchObject({ vectors: [], document: { residualNorm: null, path: null } })
  })

  it('is not made of what is no number, nor of arrays that do not fit', () => {
    const data = rows(1)
    data.data[7 * WIDTH + 2] = NaN
    expect(() => contrastVectors(data, settings())).toThrow(
      expect.objectContaining({
        code: 'activations_not_finite',
        details: { episode: 1, step: 2, value: 'NaN' },
      }),
    )
    expect(() => contrastVectors({ ...rows(1), steps: new Int32Array(3) }, settings())).toThrow(TypeError)
    expect(() => contrastVectors({ ...rows(1), width: 39 }, settings())).toThrow(TypeError)
    const labels = rows(1).labels.fill(2, 0, 1)
    expect(() => contrastVectors({ ...rows(1), labels }, settings())).toThrow('neither label 0 nor 1')
  })
})

describe('the stability of a vector', () => {
  it('foretells how alike two vectors from as many new episodes are', () => {
    const [first, second] = ['one', 'two'].map((seed) => contrastVectors(rows(1.5, 60, seed), settings()))
    const { reliability } = first.document.vectors[0].stability!
    expect(Math.abs(reliability! - cosine(first.vectors[0]!, second.vectors[0]!)!)).toBeLessThan(0.12)
  })

  it('foretells how many episodes give a cosine of .9', () => {
    const few = contrastVectors(rows(1.5, 40), settings()).document.vectors[0].stability!
    const made = ['three', 'four'].map(
      (seed) => contrastVectors(rows(1.5, few.episodesNeeded!, seed), settings()).vectors[0]!,
    )
    expect(few.episodesNeeded).toBeGreaterThan(80)
    expect(Math.abs(cosine(made[0], made[1])! - 0.9)).toBeLessThan(0.06)
    expect(few.episodesNeededLow).toBeLessThan(few.episodesNeeded!)
    expect(few.episodesNeededHigh).toBeGreaterThan(few.episodesNeeded!)
  })

  it.each(['whitened', 'pairedComponent'] as const)(
    'is none for noise, %s too, with fewer rows than dimensions',
    (kind) => {
      const noise = rows(0, 7)
      const labels = noise.labels.map((_, row) => row % 2)
      // Rows 0 and 1 are a pair, 2 and 3, 5 and 6, …: within an episode.
      const pairs = noise.labels.map((_, row) =>
        row % 5 === 4 ? -1 : Math.floor(row / 5) * 2 + Math.floor((row % 5) / 2),
      )
      const made = contrastVectors({ ...noise, labels, pairs }, settings({ kind }))
      expect(Math.abs(made.document.vectors[0].stability!.curve.at(-1)!.cosine)).toBeLessThan(0.3)
      expect(kinds(made)).toContain('unstable')
    },
  )

  it('grows with the episodes', () => {
    const { curve } = contrastVectors(rows(2), settings()).document.vectors[0].stability!
    expect(curve.map(({ episodes }) => episodes)).toEqual([5, 10, 15, 20])
    expect(curve[3].cosine).toBeGreaterThan(curve[0].cosine)
  })

  it('is not known from three episodes', () => {
    expect(
      contrastVectors(rows(2, 3), settings({ leastPerClass: 1 })).document.vectors[0].stability,
    ).toBeNull()
  })
})

describe('vectors from shuffled labels', () => {
  it('are as long as the true ones and point elsewhere', () => {
    const data = rows(3)
    const made = contrastVectors(data, settings())
    const [shuffled] = shuffledLabelVectors(data, made, 1)
    expect(normOf(shuffled!)).toBeCloseTo(normOf(made.vectors[0]!), 4)
    expect(Math.abs(cosine(shuffled!, made.vectors[0]!)!)).toBeLessThan(0.6)
    expect(shuffledLabelVectors(data, made, 1)).toEqual([shuffled])
    expect(shuffledLabelVectors(data, made, 2)).not.toEqual([shuffled])
  })

  it('keep episodes of different lengths', () => {
    const whole = rows(3)
    const kept = [...whole.labels.keys()].filter((row) => whole.steps[row] < 2 + (whole.episodes[row] % 4))
    const pick = (from: Int32Array): Int32Array => Int32Array.from(kept, (row) => from[row])
    const data = {
      width: WIDTH,
      data: Float32Array.from(
        kept.flatMap((row) => [...whole.data.subarray(row * WIDTH, (row + 1) * WIDTH)]),
      ),
      labels: pick(whole.labels),
      episodes: pick(whole.episodes),
      steps: pick(whole.steps),
    }
    const made = contrastVectors(data, settings({ scope: { kind: 'perStep' } }))
    const shuffled = shuffledLabelVectors(data, made, 1)
    expect(shuffled.map((vector) => vector !== null)).toEqual(made.vectors.map((vector) => vector !== null))
  })
})

describe('labels that mean nothing, rows and labels alike within an episode', () => {
  const [EPISODES, STEPS, TRIALS] = [24, 10, 40]
  const trial = (seed: number): ContrastRows => {
    const random = seededGenerator(`nothing/${seed}`)
    const normal = normalGenerator(random)
    const count = EPISODES * STEPS
    const own = Array.from({ length: EPISODES }, () => Array.from({ length: WIDTH }, normal))
    const share = own.map(() => (random() < 0.5 ? 0.85 : 0.15))
    const episodes = Int32Array.from({ length: count }, (_, row) => Math.floor(row / STEPS))
    return {
      width: WIDTH,
      episodes,
      steps: Int32Array.from({ length: count }, (_, row) => row % STEPS),
      labels: episodes.map((episode) => (random() < share[episode] ? 1 : 0)),
      data: Float32Array.from({ length: count * WIDTH }, (_, i) => {
        const row = Math.floor(i / WIDTH)
        return own[episodes[row]][i % WIDTH] + normal()
      }),
    }
  }

  it.each(['meanDifference', 'pairedComponent'] as const)(
    'give a %s as long as those of shuffled labels',
    (kind) => {
      let longer = 0
      for (let seed = 0; seed < TRIALS; seed++) {
        const rows = trial(seed)
        const pairs = pairsByStep(rows.labels, rows.steps)
        const given = settings({ kind, splits: 10, shuffles: 100, seed })
        const [report] = contrastVectors({ ...rows, pairs }, given).document.vectors
        if (report.shuffled!.p <= 0.05) longer++
      }
      // Two are expected; more than six of forty would be one chance in two hundred.
      expect(longer).toBeLessThanOrEqual(6)
    },
  )

  it('have pairs made anew where labels are shuffled, so that the control is a component of pairs, too', () => {
    const rows = trial(0)
    const pairs = pairsByStep(rows.labels, rows.steps)
    expect(pairsStayWithin({ ...rows, pairs })).toBe(false)
    const made = contrastVectors({ ...rows, pairs }, settings({ kind: 'pairedComponent', splits: 10 }))
    const [shuffled] = shuffledLabelVectors({ ...rows, pairs }, made, 1)
    expect(normOf(shuffled!)).toBeCloseTo(normOf(made.vectors[0]!), 3)
    const labels = shuffledLabels({ ...rows, pairs }, seededGenerator('episodes'))
    const exchanged = rows.labels.filter((label, row) => label !== labels[row]).length
    expect(exchanged).toBeGreaterThan(0)
    for (let episode = 0; episode < EPISODES; episode++)
      expect(
        [...Array(EPISODES).keys()].some((other) =>
          rows.labels
            .slice(other * STEPS, (other + 1) * STEPS)
            .every((label, step) => label === labels[episode * STEPS + step]),
        ),
      ).toBe(true)
  })

  it('exchange within a pair where both of it are of one episode', () => {
    const pairs = Int32Array.of(0, 0, 1, 1, -1)
    const rows: ContrastRows = {
      width: 1,
      data: new Float32Array(5),
      labels: Int32Array.of(0, 1, 0, 1, 1),
      episodes: Int32Array.of(7, 7, 8, 8, 8),
      steps: Int32Array.of(0, 0, 0, 0, 0),
      pairs,
    }
    expect(pairsStayWithin(rows)).toBe(true)
    for (let seed = 0; seed < 10; seed++) {
      const labels = shuffledLabels(rows, seededGenerator(`pair/${seed}`))
      expect([labels[0] + labels[1], labels[2] + labels[3], labels[4]]).toEqual([1, 1, -1])
    }
  })

  it('exchange objects as wholes where one was played more than once, each time with a time of the other', () => {
    const rows: ContrastRows = {
      width: 1,
      data: new Float32Array(6),
      labels: Int32Array.of(0, 0, 1, 0, 1, 1),
      episodes: Int32Array.of(1, 1, 1, 1, 2, 2), // two episodes of one object, one of another
      steps: Int32Array.of(0, 1, 0, 1, 0, 1),
    }
    const found = new Set<string>()
    for (let seed = 0; seed < 20; seed++)
      found.add(shuffledLabels(rows, seededGenerator(`objects/${seed}`)).join(''))
    expect([...found].sort()).toEqual(['001011', '111100'])
  })
})
