// The pages of a sweep, as the address names them.

export const sweepTabs = [
  { id: 'verdict', title: 'Verdict' },
  { id: 'tables', title: 'Upstream’s tables' },
  { id: 'inspect', title: 'Inspect' },
] as const
export type SweepTab = (typeof sweepTabs)[number]['id']

/** The page that the address names; the first where it names none. */
export const tabOf = (name: string | null): SweepTab =>
  sweepTabs.find(({ id }) => id === name)?.id ?? 'verdict'
