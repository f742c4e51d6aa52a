// Probes under the data sets they were trained on.
import type { DataSetRecord } from '../../main/contract/dataSets.ts'
import type { ProbeSummary } from '../../main/contract/storedProbes.ts'

export interface ProbeGroup {
  /** Null for probes whose data set was removed. */
  dataSet: DataSetRecord | null
  probes: ProbeSummary[]
}

/**
 * Groups in the order in which something last happened in them, newest first.
 * @param needle  part of a name; a data set that matches shows all of its probes
 */
export function groupProbes(
  dataSets: readonly DataSetRecord[],
  probes: readonly ProbeSummary[],
  needle: string,
): ProbeGroup[] {
  const wanted = needle.trim().toLowerCase()
  const matches = ({ name }: { name: string }): boolean => name.toLowerCase().includes(wanted)
  const groups = dataSets.map((dataSet): ProbeGroup => {
    const own = probes.filter(({ dataSetId }) => dataSetId === dataSet.id)
    return { dataSet, probes: matches(dataSet) ? own : own.filter(matches) }
  })
  const known = new Set(dataSets.map(({ id }) => id))
  const gone = probes.filter((probe) => !known.has(probe.dataSetId) && matches(probe))
  const latest = (group: ProbeGroup): string =>
    [group.dataSet?.createdAt ?? '', ...group.probes.map(({ createdAt }) => createdAt)].sort().at(-1) ?? ''
  const shown = groups.filter((group) => group.probes.length > 0 || (group.dataSet && matches(group.dataSet)))
  shown.sort((a, b) => latest(b).localeCompare(latest(a)))
  return gone.length > 0 ? [...shown, { dataSet: null, probes: gone }] : shown
}
