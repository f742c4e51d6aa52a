// What is said of each cell's doses.
// Owns: which conditions are doses of one vector, and the curve's colour and sentence. Not: its figures (doseResponse.ts).
import type { DoseResponse, VerdictSettings } from '../../contract/steering.ts'
import { seededGenerator } from '../seededGenerator.ts'
import { isWanted, isWithin } from './conditionVerdict.ts'
import { doseFigures, type DoseFigures } from './doseResponse.ts'
import { changeInWords, estimateInWords, probabilityInWords } from './figureWords.ts'
import { isBeyondMean, type JudgedArm } from './sweepClaims.ts'

/** One for each cell that has doses enough. @throws TypeError where a cell has two conditions of one α */
export function doseResponsesOf(
  judged: readonly JudgedArm[],
  resamples: readonly Int32Array[],
  settings: VerdictSettings,
): DoseResponse[] {
  const isDose = ({ condition: { role, alpha } }: JudgedArm): boolean =>
    (role === 'steered' || role === 'negated') && alpha !== null && alpha !== 0
  const cells = [...new Set(judged.filter(isDose).map(({ condition }) => condition.cell))]
  return cells.flatMap((cell) => {
    const doses = judged
      .filter((entry) => isDose(entry) && entry.condition.cell === cell)
      .map(({ condition, arm }) => ({
        alpha: condition.alpha ?? 0,
        arm,
        randoms: judged
          .filter(
            ({ condition: other }) =>
              other.role === 'random' && other.cell === cell && other.alpha === condition.alpha,
          )
          .map((other, index) => ({
            direction: other.condition.direction ?? String(index),
            arm: other.arm,
          })),
      }))
    const random = seededGenerator(`verdict/${settings.seed}/doses/${cell}`)
    const figures = doseFigures(doses, { resamples, permutations: settings.permutations, random })
    return figures ? [{ cell, ...figures, ...doseJudgement(figures, settings) }] : []
  })
}

function doseJudgement(
  { slope, p, directions, randomSlope, advantage, randomP, points }: DoseFigures,
  { isRate, level, wanted, worthwhile }: VerdictSettings,
): Pick<DoseResponse, 'colour' | 'sentence'> {
  const words = `Each unit of α changes it by ${estimateInWords(slope, isRate)}`
  if (slope.value === null || p === null || p > level)
    return {
      colour: 'amber',
      sentence: `${words}; shuffled doses do as much (p = ${p?.toFixed(2) ?? 'not known'}).`,
    }
  if (!isWanted(slope.value, wanted))
    return { colour: 'red', sentence: `${words}: more of it does more of the wrong thing.` }
  const curve = isMonotone(points, slope.value)
    ? 'more with every dose'
    : 'a trend, but not more with each dose'
  if (randomSlope === null || !advantage)
    return {
      colour: 'amber',
      sentence: `${words}, ${curve}; random directions were not tried at two doses or more.`,
    }
  const others = `random directions by ${changeInWords(randomSlope, isRate)} on average`
  if (!isBeyondMean(slope.value, advantage)) {
    const largest = Math.max(...points.map(({ alpha }) => Math.abs(alpha)))
    return isWithin(advantage, worthwhile / largest)
      ? { colour: 'red', sentence: `${words}, but so do ${others}.` }
      : { colour: 'amber', sentence: `${words}, not shown to be more than ${others}.` }
  }
  if (randomP === null)
    return {
      colour: 'amber',
      sentence: `${words}; ${others}, ${directions < 2 ? 'but one direction does not show how far they spread' : 'but they show no spread'}.`,
    }
  return randomP <= level
    ? {
        colour: 'green',
        sentence: `${words}, ${curve}; ${others}, and it lies beyond their spread.`,
      }
    : {
        colour: 'amber',
        sentence: `${words}; ${others}, but another random direction could be as steep (${probabilityInWords(randomP)}).`,
      }
}

/** Whether every dose moves it further in the slope's direction than the one before. */
const isMonotone = (points: DoseFigures['points'], slope: number): boolean =>
  points.slice(1).every(({ rate }, index) => (rate - points[index].rate) * slope > 0)
