// From interventions as they are written to interventions that act, step by step of an episode.
// Owns: kinds into changes, means, texts into ids, applyAtSteps, seeds of draws. Not: reading activations (interventionSources.ts)
// or checking numbers against the model (interventions.ts).
import { errors } from '../contract/errors.ts'
import { phaseOf, type InterventionSetting } from '../contract/interventions.ts'
import type { ModelShape } from '../contract/models.ts'
import { expandHooks } from '../model/hookGlobs.ts'
import { parseHook, type HookPoint } from '../model/hookNames.ts'
import {
  makeIntervention,
  onlyReplaced,
  withSeed,
  type Intervention,
  type InterventionChange,
  type InterventionDraft,
  type RowTable,
  type TokenRule,
} from './interventions.ts'
import { readSource, type SourceReader, type SourceRows, type StepRange } from './interventionSources.ts'

/** An intervention and the steps of an episode at which it acts. */
export interface PlannedIntervention {
  intervention: Intervention
  /** Every step where null. */
  steps: readonly number[] | null
  /** Steps that its vector was made for; null where that is for all. Holds whoever chooses what acts. */
  vectorSteps: StepRange | null
  /** Where its numbers come from, for a manifest: one sentence for each source, the gate's first. */
  provenance: readonly string[]
}

export interface PlanningModel extends SourceReader {
  shape: ModelShape
  /** Ids of a text, without what a model wants around it. */
  encode(text: string): Int32Array
}

/**
 * Everything that can be known before a prompt is there, checked and read; one entry for each hook point of each setting.
 * @throws hook_unknown, layer_out_of_range, and the intervention_… errors
 */
export async function planInterventions(
  settings: readonly InterventionSetting[],
  model: PlanningModel,
): Promise<PlannedIntervention[]> {
  const planned: PlannedIntervention[] = []
  for (const [index, setting] of settings.entries()) {
    const hooks = expandHooks([setting.hook].flat(), model.shape)
    for (const hook of hooks) {
      const name = (setting.name ?? `${index + 1}, ${setting.kind}`) + (hooks.length > 1 ? ` (${hook})` : '')
      planned.push(...(await planAtHook(setting, { name, index, hook: parseHook(hook, model.shape) }, model)))
    }
  }
  return planned
}

/** Those that act at a step, with draws of their own. @param seed  the step's, as sampling has it */
export const interventionsAtStep = (
  planned: readonly PlannedIntervention[],
  step: number,
  seed: string,
): Intervention[] =>
  withDraws(
    planned.filter((each) => isAtStep(each, step)),
    seed,
  )

/** Those at some places in the list that was planned, as they act at a step, with its draws. */
export const interventionsAtPlaces = (
  planned: readonly PlannedIntervention[],
  places: readonly number[],
  { step, seed }: { step: number; seed: string },
): Intervention[] =>
  withDraws(
    planned.filter(
      ({ intervention: { index }, vectorSteps }) =>
        index !== undefined && places.includes(index) && isWithin(vectorSteps, step),
    ),
    seed,
  )

const isAtStep = (
  { steps, vectorSteps }: Pick<PlannedIntervention, 'steps' | 'vectorSteps'>,
  step: number,
): boolean => (steps === null || steps.includes(step)) && isWithin(vectorSteps, step)

const isWithin = (range: StepRange | null, step: number): boolean =>
  range === null || (step >= range[0] && (range[1] === null || step <= range[1]))

const withDraws = (planned: readonly PlannedIntervention[], seed: string): Intervention[] =>
  planned.map(({ intervention }) => withSeed(intervention, seed))

/**
 * @param steps  how many steps an episode has at most
 * @throws intervention_never_fired for one whose steps no episode reaches
 */
export function checkSteps(planned: readonly PlannedIntervention[], steps: number): void {
  const reached = Array.from({ length: steps }, (_, step) => step)
  const acts = new Set(
    planned
      .filter((each) => reached.some((step) => isAtStep(each, step)))
      .map(({ intervention: { index, hook } }) => `${index} ${hook}`),
  )
  // Of a vector for each step some may lie beyond: it is enough that one is reached.
  for (const { intervention, steps: own, vectorSteps } of planned)
    if (!acts.has(`${intervention.index} ${intervention.hook}`))
      throw errors.interventionNeverFired({
        intervention: intervention.name,
        positions: `${vectorSteps ? 'its vector’s steps' : `steps ${own?.join(', ')}`} of ${steps}`,
      })
}

/**
 * The same, and that an episode may come to every step that is named.
 * @throws intervention_never_fired
 */
export function checkEveryStep(planned: readonly PlannedIntervention[], steps: number): void {
  checkSteps(planned, steps)
  for (const { intervention, steps: own } of planned) {
    const beyond = own?.filter((step) => step >= steps) ?? []
    if (beyond.length > 0)
      throw errors.interventionNeverFired({
        intervention: intervention.name,
        positions: `steps ${beyond.join(', ')} of ${steps}`,
      })
  }
}

/** One entry, or where its vector was made for each step one for each of them. */
async function planAtHook(
  setting: InterventionSetting,
  place: PlanPlace,
  model: PlanningModel,
): Promise<PlannedIntervention[]> {
  const { name, hook: point } = place
  // Before a vector is read as rows of keys, which it has none of.
  if (point.isKeyed && ('vector' in setting || setting.gate))
    throw errors.interventionInvalid({ intervention: name, reason: onlyReplaced(point.name) })
  if (!('vector' in setting && 'vector' in setting.vector)) return [await planOne(setting, place, model)]
  const { table, steps } = await readSource(setting.vector, model, {
    intervention: name,
    point,
    what: 'vector',
  })
  if (!steps) return [await planOne(setting, place, model)]
  const all: PlannedIntervention[] = []
  for (let row = 0; row < table.rows; row++)
    all.push(await planOne(setting, { ...place, row, steps: steps[row] }, model))
  return all
}

interface PlanPlace {
  name: string
  index: number
  hook: HookPoint
  /** Of a vector with a row for each step, and which these are. */
  row?: number
  steps?: StepRange | null
}

async function planOne(
  setting: InterventionSetting,
  { name: plainName, index, hook, row, steps: vectorSteps = null }: PlanPlace,
  model: PlanningModel,
): Promise<PlannedIntervention> {
  const provenance: string[] = []
  const name = vectorSteps ? `${plainName}, ${stepWords(vectorSteps)}` : plainName
  const read: ReadTable = async (source, what) => {
    const found = await readSource(source, model, { intervention: name, point: hook, what })
    const { rows } = found.table
    provenance.push(`${what}: ${found.provenance}, ${rows === 1 ? '1 row' : `${rows} rows`}`)
    return what === 'vector' && row !== undefined
      ? { ...found, table: rowsFrom(found.table, row, row + 1) }
      : found
  }
  const draft: InterventionDraft = {
    name,
    index,
    hook: hook.name,
    heads: setting.heads ?? null,
    positions: ruleOf(setting, model),
    phase: phaseOf(setting),
    gate: await gateOf(setting, read, (reason) => errors.interventionInvalid({ intervention: name, reason })),
    leavesSink: 'includeSink' in setting && !setting.includeSink,
    ifAbsent: setting.ifAbsent,
    change: await changeOf(setting, { name, hook }, read),
  }
  return {
    intervention: makeIntervention(draft, model.shape),
    steps: setting.applyAtSteps ?? null,
    vectorSteps,
    provenance,
  }
}

const stepWords = ([first, last]: StepRange): string =>
  last === null ? `from step ${first} on` : first === last ? `step ${first}` : `steps ${first} to ${last}`

type ReadTable = (source: Parameters<typeof readSource>[0], what: string) => Promise<SourceRows>

function ruleOf({ positions }: InterventionSetting, model: PlanningModel): TokenRule {
  if (typeof positions === 'string') return positions
  if ('at' in positions) return { at: typeof positions.at === 'number' ? [positions.at] : positions.at }
  if ('first' in positions || 'generated' in positions) return positions
  const { tokens } = positions
  return { tokens: typeof tokens === 'string' ? [...model.encode(tokens)] : tokens }
}

async function gateOf(
  { gate }: InterventionSetting,
  read: ReadTable,
  wrong: (reason: string) => Error,
): Promise<InterventionDraft['gate']> {
  if (!gate) return null
  const { table, steps } = await read(gate.vector, 'gate')
  if (steps && table.rows > 1)
    throw wrong(`its gate’s vector was made for each step and has ${table.rows} rows; name one for all steps`)
  const direction = table
  if ('above' in gate) return { direction, threshold: gate.above }
  // x · d < t is −x · d > −t
  return { direction: { ...direction, data: direction.data.map((value) => -value) }, threshold: -gate.below }
}

async function changeOf(
  setting: InterventionSetting,
  { name, hook }: { name: string; hook: HookPoint },
  read: ReadTable,
): Promise<InterventionChange> {
  const wrong = (reason: string) => errors.interventionInvalid({ intervention: name, reason })
  switch (setting.kind) {
    case 'zeroAblate':
      return { kind: 'zero' }
    case 'meanAblate': {
      const { table, from } = await withoutSink(setting, read)
      return { kind: 'replace', table: meanOf(table, from), choice: { kind: 'first' } }
    }
    case 'resampleAblate': {
      const { table, from } = await withoutSink(setting, read)
      return {
        kind: 'replace',
        table: rowsFrom(table, from),
        choice: { kind: 'drawn', seed: String(setting.seed) },
      }
    }
    case 'patch': {
      const { table } = await read(setting.source, 'source')
      if (setting.sourcePosition === undefined)
        return { kind: 'replace', table, choice: { kind: table.rows === 1 ? 'first' : 'byPosition' } }
      const row = setting.sourcePosition < 0 ? table.rows + setting.sourcePosition : setting.sourcePosition
      if (!(row >= 0 && row < table.rows))
        throw wrong(`its source has positions 0 to ${table.rows - 1}, and none ${setting.sourcePosition}`)
      return { kind: 'replace', table: rowsFrom(table, row, row + 1), choice: { kind: 'first' } }
    }
    case 'add': {
      const { alpha, unit, normMatched, halfLife } = setting
      const vector = await oneRow(setting.vector)
      return { kind: 'add', vector, alpha, unit, normMatched, ...(halfLife !== undefined && { halfLife }) }
    }
    case 'projectOut':
      return { kind: 'clamp', direction: await oneRow(setting.vector), low: 0, high: 0 }
    case 'clamp': {
      const { low = -Infinity, high = Infinity } = setting
      return { kind: 'clamp', direction: await oneRow(setting.vector), low, high }
    }
    case 'freezePattern': {
      if (!hook.name.endsWith('.attn.hook_pattern')) throw wrong(`${hook.name} is no attention pattern`)
      return {
        kind: 'replace',
        table: (await read(setting.source, 'source')).table,
        choice: { kind: 'byPosition' },
      }
    }
  }

  async function oneRow(source: Parameters<typeof readSource>[0]): Promise<RowTable> {
    const { table } = await read(source, 'vector')
    if (table.rows !== 1) throw wrong(`its vector has ${table.rows} rows; name one`)
    return table
  }
}

/** Rows of a source, and the first of them that counts: in a sequence position 0 does not. */
async function withoutSink(
  { includeSink, source }: Extract<InterventionSetting, { includeSink: boolean }>,
  read: ReadTable,
): Promise<{ table: RowTable; from: number }> {
  const { table, isSequence } = await read(source, 'source')
  return { table, from: isSequence && !includeSink && table.rows > 1 ? 1 : 0 }
}

function rowsFrom({ data, rows, units }: RowTable, from: number, to = rows): RowTable {
  const size = data.length / rows
  return { data: data.slice(from * size, to * size), rows: to - from, units }
}

/** Mean of the rows from … on, summed in float64. */
function meanOf({ data, rows, units }: RowTable, from: number): RowTable {
  const size = data.length / rows
  const sums = new Float64Array(size)
  for (let row = from; row < rows; row++)
    for (let column = 0; column < size; column++) sums[column] += data[row * size + column]
  return { data: Float32Array.from(sums, (sum) => sum / (rows - from)), rows: 1, units }
}
