// Interventions bound to one prompt: which of them meets which token.
// Owns: positions out of rules, marks for the prefix cache, and counting what was met. Not: what is done there (interventionFeeds.ts).
import { seededGenerator } from '../analysis/seededGenerator.ts'
import { errors } from '../contract/errors.ts'
import { positionsText } from '../contract/interventions.ts'
import type { InterventionPoint, InterventionPoints } from '../model/interventionGraph.ts'
import type { Marks } from './prefixChain.ts'
import { isIdle, type Intervention, type RowChoice, type RowTable, type TokenRule } from './interventions.ts'

/** How often an intervention was met in one answer. */
export interface InterventionCount {
  name: string
  /** Of `Intervention`. */
  index?: number
  /** Tokens it met: those of the prompt, whose cached keys and values are reused too, and generated ones. */
  tokens: number
  /**
   * Rows whose gate was open when their values were computed, in a pass of this request or in an earlier one whose keys and
   * values it goes on from. Null without a gate, and where it was not asked because the change does nothing (α = 0).
   */
  open: number | null
}

/**
 * Rows with an open gate by position of a prompt, for each intervention that acts there, in their order. It is kept beside keys
 * and values and shared as they are: marks that are equal name the same interventions in the same order.
 */
export type GateOpenings = Map<number, readonly number[]>

interface Bound {
  intervention: Intervention
  /** Positions of the prompt. */
  prompt: ReadonlySet<number>
  count: InterventionCount
}

/** The interventions of one request. It learns of generated tokens as they are run, so it serves one answer only. */
export class BoundInterventions {
  readonly marks: Marks
  /** What the graph must be able to do for them. */
  readonly points: InterventionPoints
  private readonly bound: readonly Bound[]
  /** Those that change anything. */
  private readonly acting: readonly Bound[]
  private readonly promptIds: Int32Array
  private readonly generated: number[] = []
  /** Of the positions that were run under these very interventions. */
  private readonly openings = new Map<number, number[]>()

  /**
   * @param newTokens  how many will be generated at most
   * @throws intervention_nowhere where the prompt has none of the positions; intervention_invalid where the source has too few rows;
   *   interventions_too_many where a graph for them would take minutes to load
   */
  constructor(interventions: readonly Intervention[], promptIds: Int32Array, newTokens: number) {
    this.promptIds = promptIds
    this.bound = interventions.map((intervention) => {
      const prompt = promptPositions(intervention, promptIds)
      checkRows(intervention, prompt, promptIds.length + newTokens)
      const { name, index, gate } = intervention
      const place = index === undefined ? {} : { index }
      const isAsked = gate !== null && !isIdle(intervention)
      const count: InterventionCount = { name, ...place, tokens: prompt.size, open: isAsked ? 0 : null }
      return { intervention, prompt, count }
    })
    this.acting = this.bound.filter(({ intervention }) => !isIdle(intervention))
    this.marks = marksOf(this.acting)
    this.points = pointsOf(this.acting)
  }

  /** @param kept  openings at the positions of the prompt, whoever computed them */
  counts(kept: GateOpenings): InterventionCount[] {
    return this.bound.map(({ intervention, prompt, count }) => {
      let { open } = count
      if (open !== null)
        for (const position of prompt)
          open += kept.get(position)?.[this.at(position).indexOf(intervention)] ?? 0
      return { ...count, open }
    })
  }

  /** Told of each token before it is run. */
  enter(position: number, id: number): void {
    if (position < this.promptIds.length) return
    this.generated[position - this.promptIds.length] = id
    for (const each of this.bound) if (this.meetsGenerated(each.intervention, position)) each.count.tokens++
  }

  /** Those that act at a position, in order. */
  at(position: number): Intervention[] {
    const isPrompt = this.isPrompt(position)
    return this.acting
      .filter(({ intervention, prompt }) =>
        isPrompt ? prompt.has(position) : this.meetsGenerated(intervention, position),
      )
      .map(({ intervention }) => intervention)
  }

  private meetsGenerated({ phase, positions }: Intervention, position: number): boolean {
    if (phase === 'prompt') return false
    if (positions === 'everyGenerated' || positions === 'all') return true
    if (typeof positions === 'string') return false
    if ('generated' in positions) return position < this.promptIds.length + positions.generated
    if (!('tokens' in positions)) return false
    // The tokens before the last of an occurrence have been run already when the last one comes.
    const start = position + 1 - positions.tokens.length
    return positions.tokens.every((token, index) => this.idAt(start + index) === token)
  }

  private idAt(position: number): number | undefined {
    const { promptIds, generated } = this
    return position < promptIds.length ? promptIds[position] : generated[position - promptIds.length]
  }

  /** Whether a function meets its prompt: it gets the whole of it in one piece. */
  get wantsWholePrompt(): boolean {
    return this.acting.some(
      ({ intervention: { change }, prompt }) => change.kind === 'function' && prompt.size > 0,
    )
  }

  /** How many tokens the model had written before the one at a position; 0 for those of the prompt. */
  writtenBefore(position: number): number {
    return Math.max(0, position - this.promptIds.length)
  }

  isPrompt(position: number): boolean {
    return position < this.promptIds.length
  }

  /** Numbers of the functions at a hook point, for a pass that begins at a position. */
  functionsAt(hook: string, position: number): number[] {
    return this.at(position).flatMap(({ hook: own, change }) =>
      own === hook && change.kind === 'function' ? [change.id] : [],
    )
  }

  /** Counts rows of a position whose gate was open. */
  countOpen(intervention: Intervention, position: number, rows: number): void {
    if (rows === 0) return
    if (this.isPrompt(position)) {
      const acting = this.at(position)
      const counts = this.openings.get(position) ?? acting.map(() => 0)
      counts[acting.indexOf(intervention)] += rows
      this.openings.set(position, counts)
      return
    }
    const found = this.bound.find((each) => each.intervention === intervention)
    if (found && found.count.open !== null) found.count.open += rows
  }

  /** Notes of the prompt's positions from … to − 1, just run, which gates were open there. */
  noteOpenings(kept: GateOpenings, from: number, to: number): void {
    for (let position = from; position < to; position++) {
      const counts = this.openings.get(position)
      if (counts) kept.set(position, counts)
      else kept.delete(position)
    }
  }

  /**
   * True where generated tokens may be met: then the last one is run too, whether or not anybody captures it, so that what is met
   * follows from the answer alone.
   */
  get meetsAnswers(): boolean {
    return this.bound.some(({ intervention: { phase } }) => phase !== 'prompt')
  }

  /** @throws intervention_never_fired for one that met no token and may not be left out */
  checkMet(): void {
    for (const { intervention, count } of this.bound)
      if (count.tokens === 0 && intervention.ifAbsent === 'error')
        throw errors.interventionNeverFired({
          intervention: intervention.name,
          positions: positionsText(intervention.positions),
        })
  }
}

/** Interventions that one token may meet at one hook point: loading a graph with as many takes seconds, with more minutes. */
const mostStages = 128

/** @throws interventions_too_many */
function pointsOf(acting: readonly Bound[]): InterventionPoints {
  const points = new Map<string, InterventionPoint>()
  const met = new Map<string, MetCounts>()
  for (const { intervention, prompt } of acting) {
    const { hook, gate, change, phase } = intervention
    const before = points.get(hook) ?? { stages: 0, isFull: false, isCut: false }
    if (change.kind === 'function') {
      points.set(hook, { ...before, isCut: true })
      continue
    }
    const counts = met.get(hook) ?? { byPosition: new Map(), written: 0 }
    met.set(hook, counts)
    const stages = Math.max(before.stages, countMet(counts, prompt, phase !== 'prompt'))
    if (stages > mostStages) throw errors.interventionsTooMany({ hook, most: mostStages })
    const isPlain = !gate && change.kind !== 'clamp' && (change.kind !== 'add' || isAffine(change))
    points.set(hook, { ...before, stages, isFull: before.isFull || !isPlain })
  }
  return points
}

/** How many interventions a token meets at a hook point: by position of the prompt, and at most of those the model writes. */
interface MetCounts {
  byPosition: Map<number, number>
  written: number
}

/** Counts one more. @returns the most that one of its tokens meets by now */
function countMet(counts: MetCounts, prompt: ReadonlySet<number>, meetsWritten: boolean): number {
  if (meetsWritten) counts.written++
  let most = counts.written
  for (const position of prompt) {
    const count = (counts.byPosition.get(position) ?? 0) + 1
    counts.byPosition.set(position, count)
    most = Math.max(most, count)
  }
  return most
}

/** keep ⊙ x + value is enough for it. */
const isAffine = ({ unit, normMatched }: { unit: string; normMatched: boolean }): boolean =>
  unit === 'vector' && !normMatched

/** @throws intervention_nowhere */
function promptPositions(intervention: Intervention, ids: Int32Array): Set<number> {
  const { name, phase, positions, leavesSink, ifAbsent } = intervention
  if (phase === 'decode') return new Set()
  const found = new Set(positionsOf(positions, ids))
  if (leavesSink && typeof positions === 'string' && positions !== 'lastPrompt') found.delete(0)
  const isSure = found.size > 0 || phase === 'both' // a generated token may still be met
  const outside = [...found].find((position) => position < 0 || position >= ids.length)
  if ((!isSure || outside !== undefined) && ifAbsent === 'error')
    throw errors.interventionNowhere({
      intervention: name,
      positions: positionsText(positions),
      tokens: ids.length,
    })
  for (const position of found) if (position < 0 || position >= ids.length) found.delete(position)
  return found
}

/** Absolute positions, not yet checked against the prompt. */
function positionsOf(rule: TokenRule, ids: Int32Array): number[] {
  const absolute = (position: number): number => (position < 0 ? ids.length + position : position)
  const range = (first: number, last: number): number[] =>
    Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
  if (rule === 'lastPrompt') return [ids.length - 1]
  if (rule === 'allPrompt' || rule === 'all') return range(0, ids.length - 1)
  if (rule === 'everyGenerated' || (typeof rule === 'object' && 'generated' in rule)) return []
  if ('at' in rule) return rule.at.map(absolute)
  if ('first' in rule) return range(absolute(rule.first), absolute(rule.last))
  const { tokens } = rule
  return range(0, ids.length - tokens.length)
    .filter((start) => tokens.every((token, index) => ids[start + index] === token))
    .flatMap((start) => range(start, start + tokens.length - 1))
}

function checkRows(
  { name, phase, change, keys }: Intervention,
  prompt: ReadonlySet<number>,
  end: number,
): void {
  if (change.kind !== 'replace') return
  const wrong = (reason: string) => errors.interventionInvalid({ intervention: name, reason })
  const last = phase === 'prompt' ? Math.max(-1, ...prompt) : end - 1
  const { rows } = change.table
  if (change.choice.kind === 'byPosition' && last >= rows)
    throw wrong(`its source has positions 0 to ${rows - 1}, and position ${last} is to be replaced`)
  if (keys !== undefined && last >= keys)
    throw wrong(`its source has keys 0 to ${keys - 1}, and position ${last} sees those up to itself`)
}

function marksOf(acting: readonly Bound[]): Marks {
  const marks = new Map<number, string>()
  for (const { intervention, prompt } of acting)
    for (const position of prompt)
      marks.set(position, `${marks.get(position) ?? ''}${intervention.identity} `)
  return marks
}

/** Index of the table's row that stands in at a position. */
export function chosenRow({ rows }: RowTable, choice: RowChoice, position: number): number {
  if (choice.kind === 'first') return 0
  if (choice.kind === 'byPosition') return position
  return Math.floor(seededGenerator(`${choice.seed}/${position}`)() * rows)
}
