import { beforeEach, describe, expect, it, vi } from 'vitest'
import { errors } from '../../main/contract/errors.ts'
import { runStatus, type RunStatus } from '../../main/contract/runs.ts'
import type { Engine } from '../client.ts'
import { toasts } from '../shared/toasts.svelte.ts'
import { inventRun } from '../testing/invented.ts'
import { Workspace } from '../workspace.svelte.ts'
import { canCancel, canPause, canRemove, canResume, failsAgain, RunActions } from './runActions.svelte.ts'
import { factsOf } from './runFacts.ts'

function actionsOn(runs: Record<string, unknown>) {
  const workspace = new Workspace({ runs } as unknown as Engine)
  workspace.runs = [inventRun('a', 'running'), inventRun('b', 'done')]
  return { actions: new RunActions(runs as unknown as Engine['runs'], workspace), workspace }
}

beforeEach(() => void (toasts.list = []))

describe('what a status allows', () => {
  const allowed = (can: (run: ReturnType<typeof inventRun>) => boolean): RunStatus[] =>
    runStatus.options.filter((status) => can(inventRun('a', status)))
  it('is what the engine takes', () => {
    expect(allowed(canPause)).toEqual(['running'])
    expect(allowed(canResume)).toEqual(['paused', 'interrupted', 'cancelled', 'failed'])
    expect(allowed(canCancel)).toEqual(['queued', 'running', 'paused'])
    expect(allowed(canRemove)).not.toContain('running')
  })
  it('is not to go on where it would fail at the same place again', () => {
    const failed = { ...inventRun('a', 'failed'), error: errors.logitsNotFinite({ largest: NaN }).report() }
    expect([failsAgain(failed), canResume(failed)]).toEqual([true, false])
    const full = { ...failed, error: errors.internalError({ reason: 'x' }).report() }
    expect([failsAgain(full), canResume(full)]).toEqual([false, true])
  })
})

describe('RunActions', () => {
  it('shows the new status as soon as the call returns, and is busy until then', async () => {
    let answer = (_: unknown): void => {}
    const { actions, workspace } = actionsOn({ pause: () => new Promise((resolve) => (answer = resolve)) })
    const run = workspace.runs![0]!
    const pausing = actions.pause(run)
    expect(actions.isBusy('pause', run)).toBe(true)
    expect(actions.isBusy('cancel', run)).toBe(false)
    answer(inventRun('a', 'paused'))
    await pausing
    expect(workspace.run('a')?.status).toBe('paused')
    expect(actions.isBusy('pause', run)).toBe(false)
  })
  it('says what the engine refused and changes nothing', async () => {
    const { actions, workspace } = actionsOn({
      resume: () => Promise.reject(errors.runNotResumable({ id: 'b', status: 'done' })),
    })
    await actions.resume(workspace.runs![1]!)
    expect(toasts.list[0]).toMatchObject({ tone: 'error', title: 'This run cannot be resumed' })
    expect(workspace.run('b')?.status).toBe('done')
  })
  it('does not call for a name that is empty or the same', async () => {
    const rename = vi.fn(({ name }: { name: string }) => Promise.resolve(inventRun('a', 'running', { name })))
    const { actions, workspace } = actionsOn({ rename })
    const run = workspace.runs![0]!
    await actions.rename(run, '  ')
    await actions.rename(run, ' a ')
    expect(rename).not.toHaveBeenCalled()
    await actions.rename(run, ' new ')
    expect(workspace.run('a')?.name).toBe('new')
  })
  it('hides a removed run until it is gone or taken back', () => {
    const { actions, workspace } = actionsOn({ remove: () => Promise.resolve() })
    actions.remove(workspace.runs![1]!)
    expect(actions.shown?.map((run) => run.id)).toEqual(['a'])
    actions.removal.undo('b')
    expect(actions.shown?.map((run) => run.id)).toEqual(['a', 'b'])
  })
})

describe('factsOf', () => {
  const texts = (run: ReturnType<typeof inventRun>) =>
    Object.fromEntries(
      factsOf(run).flatMap((group) =>
        group.facts.map((fact) => [`${group.title}/${fact.label}`, fact.value]),
      ),
    )
  it('names every setting in words', () => {
    const facts = texts(inventRun('a', 'done', {}, { sampling: { temperature: 0, topP: 0.9 }, seed: 4 }))
    expect(facts).toMatchObject({
      'Environment/Protocol': 'history only',
      'Environment/System prompt': 'none',
      'Oracle/Oracle': 'knowledge base, lenient',
      'Episodes and sampling/Temperature': '0 (greedy)',
      'Episodes and sampling/Top-p': '0.9',
      'Episodes and sampling/Top-k': 'off',
      'Capture/Layers': '15',
    })
    expect(facts).not.toHaveProperty('Capture/Other hooks')
  })
  it('shows hooks that are no layers, and the limits of Number Hunt', () => {
    const facts = texts(
      inventRun(
        'a',
        'done',
        {},
        {
          environment: { name: 'number_hunt', upTo: 1000 },
          capture: { hooks: ['ln_final.hook_normalized'] },
        },
      ),
    )
    expect(facts).toMatchObject({
      'Environment/Numbers': '1 to 1,000',
      'Capture/Layers': 'none',
      'Capture/Other hooks': 'ln_final.hook_normalized',
    })
  })
})
