// On the model that ships: a study of seconds, stopped and gone on with.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { studyPlan, type StudyPlanInput, type StudyRecord } from '../../contract/studies.ts'
import { openEngine, type EngineService } from '../engineService.ts'

const opened: { engine: EngineService; folder: string }[] = []
afterEach(async () => {
  for (const { engine, folder } of opened.splice(0)) {
    await engine.close()
    rmSync(folder, { recursive: true })
  }
})
const engineIn = (folder: string): Promise<EngineService> =>
  openEngine({
    workspaceFolder: folder,
    cacheFolder: join(folder, 'cache'),
    resourcesFolder: join(import.meta.dirname, '../../../resources'),
    transport: 'process',
  })
async function workbench(): Promise<{ engine: EngineService; modelId: string; folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'innerview-study-'))
  const engine = await engineIn(folder)
  opened.push({ engine, folder })
  const never = new AbortController().signal
  return { engine, folder, modelId: (await engine.models.findOrAdd('embedded', () => {}, never)).id }
}
const small = (modelId: string, more: Partial<StudyPlanInput> = {}) =>
  studyPlan.parse({ modelId, episodes: 12, sweepEpisodes: 4, maxSteps: 8, maxNewTokens: 16, ...more })
const stagesOf = ({ stages }: StudyRecord) =>
  Object.fromEntries(stages.map(({ name, status }) => [name, status]))

const limitMs = 240_000

describe('a study', () => {
  it(
    'goes from episodes to a verdict and a report, each stage naming what came of it',
    { timeout: limitMs },
    async () => {
      const { engine, modelId } = await workbench()
      const { id } = engine.studies.start(small(modelId))
      const done = await engine.studies.ended(id)
      expect(done.stages.map(({ error }) => error?.message ?? null)).toEqual([null, null, null, null, null])
      expect(done.status).toBe('done')
      expect(done.stages.map(({ id: made }) => made)).toEqual(['r1', 'p1', 'v1', 's1', null])
      expect(done.stages[3].result).toBe(engine.sweeps.get('s1').verdict?.overall.sentence)
      const [page] = engine.studies.report(id, 'html').files
      expect(page.text).toContain(`${engine.runs.get('r1').progress.steps} steps`)
      expect(page.text).toContain('--preset quick')
      const { files } = engine.studies.report(id, 'markdown')
      expect(files.map(({ path }) => path)).toEqual(
        expect.arrayContaining(['report.md', 'figures/effects.svg', 'tables/conditions.csv']),
      )
      // Doing one stage anew keeps what came before it.
      engine.studies.resume(id, 'report')
      expect((await engine.studies.ended(id)).stages[0].id).toBe('r1')
      expect(engine.runs.list().filter(({ sweep }) => !sweep)).toHaveLength(1)
    },
  )

  it('pauses in the midst of a run and goes on to the same rows', { timeout: limitMs }, async () => {
    const { engine, modelId } = await workbench()
    const plan = small(modelId, { skipped: ['probe', 'sweep'] })
    const whole = engine.studies.start(plan)
    await engine.studies.ended(whole.id)
    const cut = engine.studies.start(plan)
    const stop = new AbortController()
    for await (const event of engine.events(stop.signal))
      if (event.kind === 'run' && event.run.id === 'r2' && event.run.progress.steps > 10) break
      else if (event.kind === 'study' && event.study.id === cut.id && event.study.status === 'done') break
    engine.studies.pause(cut.id)
    const paused = await engine.studies.ended(cut.id)
    expect(paused).toMatchObject({
      status: 'paused',
      stages: [{ status: 'waiting', id: 'r2' }, {}, {}, {}, {}],
    })
    engine.studies.resume(cut.id)
    expect(stagesOf(await engine.studies.ended(cut.id))).toEqual({
      ...{ collect: 'done', probe: 'skipped', vector: 'done', sweep: 'skipped', report: 'done' },
    })
    for (let episode = 0; episode < 12; episode++) {
      const texts = (run: string) => engine.episodes.steps(run, episode).map(({ completion }) => completion)
      expect(texts('r2')).toEqual(texts('r1'))
    }
  })

  it('is interrupted where the engine ended, and goes on in the next', { timeout: limitMs }, async () => {
    const { engine, modelId, folder } = await workbench()
    const { id } = engine.studies.start(small(modelId, { skipped: ['probe', 'sweep'] }))
    await engine.close()
    const next = await engineIn(folder)
    opened[0].engine = next
    expect(['paused', 'interrupted']).toContain(next.studies.get(id).status)
    next.studies.resume(id)
    expect((await next.studies.ended(id)).status).toBe('done')
    expect(next.runs.list()).toHaveLength(1)
  })

  it(
    'takes a run that is given, and says in the report what it leaves out',
    { timeout: limitMs },
    async () => {
      const { engine, modelId } = await workbench()
      const first = engine.studies.start(small(modelId, { skipped: ['probe', 'sweep'] }))
      await engine.studies.ended(first.id)
      const second = engine.studies.start(
        small(modelId, { skipped: ['probe', 'sweep'], given: { collect: 'r1' } }),
      )
      const done = await engine.studies.ended(second.id)
      expect(stagesOf(done)).toMatchObject({ collect: 'given', vector: 'done' })
      expect(engine.runs.list()).toHaveLength(1)
      expect(engine.studies.report(second.id, 'html').files[0].text).toContain('The stage “sweep” is skipped')
    },
  )

  it('has the published settings as switches', async () => {
    const { engine, modelId } = await workbench()
    const study = engine.studies.start(
      small(modelId, { preset: 'published', switches: { wholeWordWins: true } }),
    )
    expect(study.switches).toMatchObject({ wholeWordWins: true, controls: false, keepInstructions: false })
    engine.studies.pause(study.id)
    await engine.studies.ended(study.id)
  })

  it('refuses what cannot be done, and stores nothing of it', async () => {
    const { engine, modelId } = await workbench()
    expect(() => engine.studies.start(small('nobody'))).toThrow(
      expect.objectContaining({ code: 'not_found' }),
    )
    expect(() => engine.studies.start(small(modelId, { layer: 6 }))).toThrow(
      expect.objectContaining({ code: 'layer_out_of_range' }),
    )
    expect(() => engine.studies.start(small(modelId, { given: { sweep: 's9' } }))).toThrow(
      expect.objectContaining({ code: 'not_found' }),
    )
    expect(engine.studies.list()).toEqual([])
    expect(() => engine.studies.report('y1', 'html')).toThrow(expect.objectContaining({ code: 'not_found' }))
  })
})
