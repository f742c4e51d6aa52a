// The address of what is shown: `#/episodes?run=R&episode=3&step=7`.
// Owns: reading and writing it. Not: following it (selection.svelte.ts).

export const views = [
  'home',
  'study',
  'episodes',
  'new-run',
  'probe',
  'steer',
  'compare',
  'lab',
  'models',
  'jobs',
  'settings',
] as const
export type View = (typeof views)[number]

/** One thing chosen, shared by all panes. A level is only set where those before it are. */
export interface Place {
  view: View
  run: string | null
  episode: number | null
  step: number | null
  token: number | null
  layer: number | null
  head: number | null
  /** The probe that is shown, or whose read-out stands beside an episode. It belongs to no run. */
  probe: string | null
  /** Runs that are compared, the first with all others; none elsewhere. */
  runs: readonly string[]
  /** The vector and the sweep that are shown; they belong to no run. */
  vector: string | null
  sweep: string | null
  /** Which of several pages of what is shown; goes with the view. */
  tab: string | null
}

export const nowhere: Readonly<Place> = {
  view: 'home',
  run: null,
  episode: null,
  step: null,
  token: null,
  layer: null,
  head: null,
  probe: null,
  runs: [],
  vector: null,
  sweep: null,
  tab: null,
}

const things = ['probe', 'vector', 'sweep', 'tab'] as const
const numbers = ['episode', 'step', 'token', 'layer', 'head'] as const

const wholeNumber = (text: string | null): number | null =>
  text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null

/** Reads any hash; what it does not understand it leaves out. */
export function placeOf(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2)
  const view = views.find((name) => name === path) ?? 'home'
  const parameters = new URLSearchParams(query)
  const place: Place = {
    ...nowhere,
    view,
    run: parameters.get('run') || null,
    runs: [...new Set(parameters.getAll('runs').filter(Boolean))],
  }
  for (const key of things) place[key] = parameters.get(key) || null
  for (const key of numbers) place[key] = wholeNumber(parameters.get(key))
  return settle(place)
}

export function hashOf(place: Place): string {
  const parameters = new URLSearchParams()
  if (place.run !== null) parameters.set('run', place.run)
  for (const key of numbers) {
    const value = place[key]
    if (value !== null) parameters.set(key, String(value))
  }
  for (const key of things) {
    const value = place[key]
    if (value !== null) parameters.set(key, value)
  }
  for (const id of place.runs) parameters.append('runs', id)
  const query = parameters.toString()
  return `#/${place.view}${query ? `?${query}` : ''}`
}

/** Another run forgets the episode, another episode the step, and so on: a place never points into something else. */
export function move(from: Place, change: Partial<Place>): Place {
  const to = { ...from, ...change }
  if (to.view !== from.view && !('tab' in change)) to.tab = null
  const order = ['run', 'episode', 'step', 'token'] as const
  order.forEach((level, i) => {
    if (to[level] === from[level]) return
    for (const below of order.slice(i + 1)) if (!(below in change)) to[below] = null
  })
  return settle(to)
}

function settle(place: Place): Place {
  if (place.run === null) place.episode = null
  if (place.episode === null) place.step = null
  if (place.step === null) place.token = null
  if (place.layer === null) place.head = null
  return place
}
