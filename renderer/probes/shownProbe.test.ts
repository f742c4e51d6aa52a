import { describe, expect, it, vi } from 'vitest'
import { errors } from '../../main/contract/errors.ts'
import type { ProbeDocument } from '../../main/contract/probes.ts'
import type { ProbeProjection, ProbeRecord } from '../../main/contract/storedProbes.ts'
import { ShownProjection } from './projection.svelte.ts'
import { ShownProbe } from './shownProbe.svelte.ts'

const record = (layer: number) => ({ document: { layer } as ProbeDocument }) as ProbeRecord

describe('the probe that is shown', () => {
  it('has a document once it is done, and none before', async () => {
    const get = vi.fn(async () => record(15))
    const shown = new ShownProbe(get)
    shown.open('p', false)
    expect(get).not.toHaveBeenCalled()
    shown.open('p', true)
    await vi.waitFor(() => expect(shown.document?.layer).toBe(15))
    shown.open('p', true)
    expect(get).toHaveBeenCalledTimes(1)
    shown.open(null, false)
    expect(shown.document).toBeNull()
  })
  it('drops the document of one that was left before it came', async () => {
    const answers: ((value: ProbeRecord) => void)[] = []
    const shown = new ShownProbe(() => new Promise((resolve) => answers.push(resolve)))
    shown.open('p', true)
    shown.open('q', true)
    answers[1]!(record(2))
    answers[0]!(record(1))
    await vi.waitFor(() => expect(shown.document?.layer).toBe(2))
  })
  it('keeps why it could not be read, until it is tried again', async () => {
    const get = vi.fn().mockRejectedValueOnce(errors.notFound({ kind: 'probe', id: 'p' }))
    const shown = new ShownProbe(get.mockResolvedValue(record(3)))
    shown.open('p', true)
    await vi.waitFor(() => expect(shown.problem?.code).toBe('not_found'))
    shown.retry()
    await vi.waitFor(() => expect(shown.document?.layer).toBe(3))
    expect(shown.problem).toBeNull()
  })
})

describe('the projection that is shown', () => {
  const projection = (method: ProbeProjection['method']) => ({ method }) as ProbeProjection
  it('is computed once for each method while its probe is shown', async () => {
    const get = vi.fn(async (_: string, method: ProbeProjection['method']) => projection(method))
    const shown = new ShownProjection(get)
    shown.open('p')
    await vi.waitFor(() => expect(shown.projection?.method).toBe('pca'))
    await shown.show('umap')
    await shown.show('pca')
    expect(shown.projection?.method).toBe('pca')
    expect(get).toHaveBeenCalledTimes(2)
    shown.open('q')
    await vi.waitFor(() => expect(get).toHaveBeenCalledTimes(3))
  })
  it('shows nothing, and waits for no longer, when it was cancelled or refused', async () => {
    const get = vi.fn().mockResolvedValueOnce(null)
    const shown = new ShownProjection(get)
    shown.open('p')
    await vi.waitFor(() => expect(shown.isLoading).toBe(false))
    expect(shown.projection).toBeNull()
    get.mockRejectedValueOnce(errors.notFound({ kind: 'probe', id: 'p' }))
    await shown.show('lda')
    expect(shown.problem?.code).toBe('not_found')
  })
})
