// What a verdict says beside its statistics: conditions that are missing, episodes that the vector was made from.
// Owns: these facts out of the store and out of what a sweep has become since, as data and in the sentences and colours that they change.
// Not: the statistics (analysis/steering/), or gates that stayed shut (verdictGates.ts).
import type { VerdictColour, VerdictDocument, VerdictItem } from '../../contract/steering.ts'
import type { SweepMember, SweepSummary } from '../../contract/sweeps.ts'
import type { Workspace } from '../../store/workspace.ts'
import { madeFrom } from './vectorEpisodes.ts'
import { openGates, withGates } from './verdictGates.ts'

type Member = SweepMember & { runId: string }

/** @param members  that were played to their end @param vectorOf  that steers in a run; null without one */
export function withFacts(
  document: VerdictDocument,
  { workspace, id, members }: { workspace: Workspace; id: string; members: readonly Member[] },
  vectorOf: (runId: string) => string | null,
): VerdictDocument {
  const judged = withGates(document, openGates(workspace, members))
  const spoken = members.find((member) => member.id === judged.overall.conditionId)
  const baseline = members.find(({ role }) => role === 'baseline')
  const vector = spoken ? vectorOf(spoken.runId) : null
  const seen =
    vector !== null && baseline ? withOrigin(judged, workspace, { vector, runId: baseline.runId }) : judged
  return withMissing(seen, missingMembers(workspace, id))
}

/** A vector does best on what it was made from: a row of the card, and no green for what was never tried elsewhere. */
function withOrigin(
  document: VerdictDocument,
  workspace: Workspace,
  { vector, runId }: { vector: string; runId: string },
): VerdictDocument {
  const [colour, sentence] = originItem(workspace, vector, runId)
  const item: VerdictItem = { kind: 'origin', title: 'Objects of its own', colour, sentence }
  const { overall } = document
  const isDoubted = colour === 'amber' && overall.colour === 'green'
  return {
    ...document,
    items: [...document.items, item],
    ...(isDoubted && {
      overall: { ...overall, colour: 'amber', sentence: `${overall.sentence} ${sentence}` },
    }),
  }
}

function originItem(workspace: Workspace, vector: string, runId: string): [VerdictColour, string] {
  const made = madeFrom(workspace, vector)
  if (made === 'unknown') return ['grey', 'What the vector was made from is not known.']
  if (made === 'prompts') return ['green', 'The vector was made from prompts, from no episode.']
  const { settings } = workspace.runs.get(runId)
  const all = Array.from({ length: settings.episodes }, (_, episode) => {
    const { task } = workspace.episodes.get(runId, episode)
    return { isKnown: made.objects.has(task), isDrawn: made.draws.has(`${settings.seed}/${episode}/${task}`) }
  })
  const drawn = all.filter(({ isDrawn }) => isDrawn).length
  const known = all.filter(({ isKnown }) => isKnown).length
  const whole = all.length
  if (drawn > 0)
    return [
      'amber',
      `${drawn} of the ${whole} episodes have ${made.part}, with the same objects and draws: what it does to others is not told.`,
    ]
  return known > 0
    ? ['grey', `${known} of the ${whole} objects have ${made.part}, with other draws.`]
    : ['green', `None of the ${whole} objects has ${made.part}.`]
}

type Known = Pick<SweepSummary['conditions'][number], 'id' | 'title' | 'cell' | 'status'>

const titleOf = ({ cell, title }: Pick<SweepMember, 'cell' | 'title'>): string =>
  cell === '' ? title : `${cell} · ${title}`

/** A stored verdict beside the sweep as it is now: conditions that it does not know, or knew as unplayed, have no part in it until it is judged anew. */
export function asOfNow(
  document: VerdictDocument,
  conditions: readonly Known[],
): { verdict: VerdictDocument; isOutdated: boolean } {
  const judged = new Set([document.baseline.id, ...document.conditions.map(({ id }) => id)])
  const missing = new Set(document.missing.map(({ id }) => id))
  const later = conditions.filter(
    ({ id, status }) => !judged.has(id) && (status === 'done' || !missing.has(id)),
  )
  if (later.length === 0) return { verdict: document, isOutdated: false }
  const laterIds = new Set(later.map(({ id }) => id))
  const added = later.map((condition) => ({
    id: condition.id,
    title: titleOf(condition),
    reason: condition.status === 'done' ? 'not judged yet' : condition.status,
  }))
  const { overall } = document
  const verdict: VerdictDocument = {
    ...document,
    missing: [...document.missing.filter(({ id }) => !laterIds.has(id)), ...added],
    overall: {
      ...overall,
      colour: overall.colour === 'green' ? 'amber' : overall.colour,
      sentence: `${overall.sentence} Judged before ${later.length} of the ${conditions.length} conditions: ${listed(added)}.`,
    },
  }
  return { verdict, isOutdated: true }
}

/** The first three by name. */
function listed(missing: VerdictDocument['missing']): string {
  const named = missing.slice(0, 3).map(({ title, reason }) => `${title} (${reason})`)
  return `${named.join(', ')}${missing.length > 3 ? ` and ${missing.length - 3} more` : ''}`
}

function missingMembers(workspace: Workspace, id: string): VerdictDocument['missing'] {
  return workspace.sweeps.conditions(id).flatMap((member) => {
    const { status } = workspace.runs.get(member.runId)
    return status === 'done' ? [] : [{ id: member.id, title: titleOf(member), reason: status }]
  })
}

/** A verdict on a part of the grid says so, and is green for none of it: what is missing is corrected for by nobody. */
function withMissing(document: VerdictDocument, missing: VerdictDocument['missing']): VerdictDocument {
  if (missing.length === 0) return document
  const { overall, conditions } = document
  const all = conditions.length + missing.length
  return {
    ...document,
    missing,
    overall: {
      ...overall,
      colour: overall.colour === 'green' ? 'amber' : overall.colour,
      sentence: `${overall.sentence} ${missing.length} of ${all} conditions have no part in this: ${listed(missing)}.`,
    },
  }
}
