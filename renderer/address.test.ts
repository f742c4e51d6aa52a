import { describe, expect, it } from 'vitest'
import { hashOf, move, nowhere, placeOf } from './address.ts'

describe('placeOf', () => {
  it('reads what hashOf wrote', () => {
    const place = {
      ...nowhere,
      view: 'episodes' as const,
      run: 'run é&=1',
      episode: 3,
      step: 7,
      token: 12,
      layer: 15,
      probe: 'probe ü&=2',
      runs: ['run é&=1', 'with, comma'],
      vector: 'v1',
      sweep: 's1',
      tab: 'tables',
    }
    expect(placeOf(hashOf(place))).toEqual(place)
  })
  it('is home for an empty, an unknown and a hostile hash', () => {
    for (const hash of ['', '#', '#/', '#/nothing', '#/__proto__?run=', '#<img src=x onerror=alert(1)>'])
      expect(placeOf(hash)).toEqual(nowhere)
  })
  it('leaves out numbers that are none', () => {
    const place = placeOf('#/episodes?run=a&episode=-1&step=1e3&layer=99999999999')
    expect(place).toEqual({ ...nowhere, view: 'episodes', run: 'a' })
  })
  it('names a run that is compared once', () => {
    expect(placeOf('#/compare?runs=a&runs=b&runs=&runs=a').runs).toEqual(['a', 'b'])
  })
  it('drops a step without an episode', () => {
    expect(placeOf('#/episodes?run=a&step=3').step).toBeNull()
  })
})

describe('move', () => {
  const deep = placeOf('#/episodes?run=a&episode=3&step=7&token=2&layer=4&head=1')
  it('forgets episode, step and token in another run, but keeps the layer', () => {
    expect(move(deep, { run: 'b' })).toEqual({ ...deep, run: 'b', episode: null, step: null, token: null })
  })
  it('keeps a step that is given with another episode', () => {
    expect(move(deep, { episode: 4, step: 1 })).toEqual({ ...deep, episode: 4, step: 1, token: null })
  })
  it('changes nothing below when the same run is given again', () => {
    expect(move(deep, { run: 'a', view: 'episodes' })).toEqual(deep)
  })
  it('keeps the probe wherever it goes', () => {
    const place = placeOf('#/probe?probe=p')
    expect(move(place, { view: 'episodes', run: 'a', episode: 3, step: 7 })).toMatchObject({
      probe: 'p',
      step: 7,
    })
  })
  it('forgets the page of what is shown in another view, unless one is given', () => {
    const place = placeOf('#/compare?runs=a&runs=b&tab=inspect')
    expect(move(place, { step: null }).tab).toBe('inspect')
    expect(move(place, { view: 'home' }).tab).toBeNull()
    expect(move(place, { view: 'episodes', tab: 'x' }).tab).toBe('x')
  })
  it('keeps vector and sweep elsewhere, but not the page of another view', () => {
    const place = placeOf('#/steer?vector=v1&sweep=s1&tab=tables')
    expect(move(place, { sweep: 's2' }).tab).toBe('tables')
    expect(move(place, { view: 'jobs' })).toMatchObject({ vector: 'v1', sweep: 's1', tab: null })
    expect(move(place, { view: 'episodes', tab: 'x' }).tab).toBe('x')
  })
  it('forgets the head without a layer', () => {
    expect(move(deep, { layer: null }).head).toBeNull()
  })
})
