// What a verdict says of conditions whose gate stayed shut.
// Owns: how often each gate was open, out of the store, and the sentences and colours that it changes. Not: the statistics (analysis/steering/).
import type { ConditionVerdict, DoseResponse, VerdictDocument } from '../../contract/steering.ts'
import type { SweepMember } from '../../contract/sweeps.ts'
import type { Workspace } from '../../store/workspace.ts'

type Member = SweepMember & { runId: string }
type Gate = VerdictDocument['gates'][number]

/** Of each gated condition among these. */
export function openGates(workspace: Workspace, members: readonly Member[]): Gate[] {
  return members.flatMap((member) =>
    workspace.runs
      .get(member.runId)
      .progress.interventions.flatMap(({ tokens, open }) =>
        open === null ? [] : [{ id: member.id, tokens, open }],
      ),
  )
}

/** Steering that was let through nowhere did nothing, which says nothing for or against the vector: wherever the verdict says something it is unsaid. */
export function withGates(document: VerdictDocument, gates: Gate[]): VerdictDocument {
  if (gates.length === 0) return document
  const gateOf = (id: string | null) => gates.find((gate) => gate.id === id)
  const conditions = document.conditions.map((condition): ConditionVerdict => {
    const gate = gateOf(condition.id)
    if (!gate) return condition
    return gate.open === 0
      ? { ...condition, sentence: shutInWords(condition, gate), colour: 'grey', isClaim: false }
      : { ...condition, sentence: `${condition.sentence} ${openInWords(gate)}` }
  })
  const doseResponses = document.doseResponses.map((response) => withShutDoses(response, conditions, gateOf))
  const { overall } = document
  const spoken = conditions.find(({ id }) => id === overall.conditionId)
  const gate = gateOf(overall.conditionId)
  const doses = doseResponses.find(({ cell }) => cell === spoken?.cell)
  const told = { ...document, gates, conditions, doseResponses }
  if (!spoken || !gate) return told
  if (gate.open > 0)
    return {
      ...told,
      items: document.items.map((item) =>
        item.kind === 'doseResponse' && doses
          ? { ...item, colour: doses.colour, sentence: doses.sentence }
          : item,
      ),
      overall: { ...overall, sentence: `${overall.sentence} ${openInWords(gate)}` },
    }
  const sentence = shutInWords(spoken, gate)
  return {
    ...told,
    items: document.items.map((item) =>
      ofVectorAlone.has(item.kind) ? item : { ...item, colour: 'grey', sentence },
    ),
    overall: {
      ...overall,
      colour: 'grey',
      sentence: `${sentence} What it would do where it is open is not told.`,
    },
  }
}

/** Rows that no gate changes: they are told of the vector, or of the sweep's size. */
const ofVectorAlone: ReadonlySet<string> = new Set(['stability', 'sensitivity'])

const openInWords = ({ open, tokens }: Gate): string => `Its gate was open at ${open} of ${tokens} tokens.`

const shutInWords = ({ title }: ConditionVerdict, { tokens }: Gate): string =>
  `${title} steered nothing: its gate was never open (${tokens} tokens).`

/** A dose that never acted is a second baseline: with one of them the points are no curve. */
function withShutDoses(
  response: DoseResponse,
  conditions: readonly ConditionVerdict[],
  gateOf: (id: string) => Gate | undefined,
): DoseResponse {
  const doses = conditions.filter(
    ({ cell, role }) => cell === response.cell && (role === 'steered' || role === 'negated'),
  )
  const shut = doses.filter(({ id }) => gateOf(id)?.open === 0)
  return shut.length === 0
    ? response
    : {
        ...response,
        colour: 'grey',
        sentence: `The gate was never open at ${shut.length} of ${doses.length} doses: no curve.`,
      }
}
