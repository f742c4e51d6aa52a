// What a plan means, stage by stage.
// Owns: presets, switches and the settings that each stage gets. Not: doing a stage (studyDesk.ts).
import { collectSettings, type CollectSettings } from '../../contract/runs.ts'
import { contrastSettings } from '../../contract/contrasts.ts'
import { dataSetRecipe, type DataSetRecipe } from '../../contract/dataSets.ts'
import { probeSettings, type ProbeSettings } from '../../contract/probes.ts'
import type { StudyPlan, StudyPreset, StudySwitches } from '../../contract/studies.ts'
import { sweepPresets, sweepSettings, usualInstruction, type SweepSettings } from '../../contract/sweeps.ts'
import { vectorRecipe, type VectorRecipe } from '../../contract/vectors.ts'

interface Preset {
  title: string
  episodes: number
  sweepEpisodes: number
  systemPrompt: string
  alphas: readonly number[]
  switches: StudySwitches
}

const careful: StudySwitches = {
  keepInstructions: true,
  wholeWordWins: true,
  cleanHistory: true,
  probeBeforeAnswer: true,
  samePrompt: true,
  pooledVector: true,
  controls: true,
}

/** `published` has the settings and the defects of ARES' case study (its docs and scripts); the others have none of the defects. */
export const studyPresets: Record<StudyPreset, Preset> = {
  quick: {
    title: 'Twenty Questions, quick',
    episodes: 40,
    sweepEpisodes: 20,
    systemPrompt: '',
    alphas: sweepPresets.quick.alphas,
    switches: careful,
  },
  careful: {
    title: 'Twenty Questions, careful',
    episodes: 120,
    sweepEpisodes: 50,
    systemPrompt: '',
    alphas: sweepPresets.careful.alphas,
    switches: careful,
  },
  published: {
    title: 'Twenty Questions, as published',
    episodes: 50,
    sweepEpisodes: 20,
    systemPrompt: 'Try to keep your response under 30 words.',
    alphas: [0.5, 1, 2, 4],
    switches: {
      keepInstructions: false,
      wholeWordWins: false,
      cleanHistory: false,
      probeBeforeAnswer: false,
      samePrompt: false,
      pooledVector: false,
      controls: false,
    },
  },
}

/** Those of the plan, else of its preset. */
export const switchesOf = ({ preset, switches }: StudyPlan): StudySwitches => ({
  ...studyPresets[preset].switches,
  ...switches,
})

const systemPromptOf = ({ preset, systemPrompt }: StudyPlan): string =>
  systemPrompt ?? studyPresets[preset].systemPrompt

/** What collecting and steering have in common. */
function played(plan: StudyPlan, systemPrompt: string): Omit<CollectSettings, 'interventions' | 'episodes'> {
  const switches = switchesOf(plan)
  return collectSettings.parse({
    modelId: plan.modelId,
    environment: {
      name: 'twenty_questions',
      protocol: switches.keepInstructions ? 'keep-instructions' : 'history-only',
      winRule: switches.wholeWordWins ? 'whole-word' : 'substring',
      stopTokenInHistory: !switches.cleanHistory,
      maxSteps: plan.maxSteps,
      systemPrompt,
    },
    oracle: { kind: 'kb' },
    seed: plan.seed,
    sampling: { temperature: plan.temperature, maxNewTokens: plan.maxNewTokens },
    capture: {},
  })
}

/** @param layer  of hook_resid_post */
export function collectStage(plan: StudyPlan, layer: number): CollectSettings {
  const systemPrompt = switchesOf(plan).samePrompt ? systemPromptOf(plan) : ''
  return collectSettings.parse({
    ...played(plan, systemPrompt),
    name: `${studyPresets[plan.preset].title}: episodes`,
    episodes: plan.episodes ?? studyPresets[plan.preset].episodes,
    capture: { hooks: [`blocks.${layer}.hook_resid_post`], positions: 'decision' },
  })
}

/** The rows of the probe. */
export const probeRows = (plan: StudyPlan, runId: string): DataSetRecipe =>
  dataSetRecipe.parse({
    runIds: [runId],
    poolings: [switchesOf(plan).probeBeforeAnswer ? 'lastPrompt' : 'mean'],
  })

/** As published: one split of 80 to 20, no shuffled labels. */
export const probeStage = (plan: StudyPlan, dataSetId: string): ProbeSettings =>
  probeSettings.parse({
    dataSetId,
    ...(plan.preset === 'published' && { split: { kind: 'episode' } }),
    permutations: switchesOf(plan).controls ? 100 : 0,
  })

/** The rows of the vector: always at the last prompt token, where it is added. */
export const vectorRows = (runId: string): DataSetRecipe => dataSetRecipe.parse({ runIds: [runId] })

export const vectorStage = (plan: StudyPlan, dataSetId: string): VectorRecipe =>
  vectorRecipe.parse({
    kind: 'contrast',
    dataSetId,
    settings: contrastSettings
      .omit({ towards: true })
      .parse({ scope: { kind: switchesOf(plan).pooledVector ? 'pooled' : 'perStep' } }),
  })

/** On other objects and draws than those that made the vector. */
export function sweepStage(plan: StudyPlan, vectorId: string): SweepSettings {
  const preset = studyPresets[plan.preset]
  const { controls } = switchesOf(plan)
  return sweepSettings.parse({
    ...played(plan, systemPromptOf(plan)),
    name: `${preset.title}: sweep`,
    seed: plan.seed + 1,
    episodes: plan.sweepEpisodes ?? preset.sweepEpisodes,
    vectors: [vectorId],
    alphas: [...preset.alphas],
    controls: controls
      ? {
          ...sweepPresets[plan.preset === 'quick' ? 'quick' : 'careful'].controls,
          prompt: usualInstruction({ kind: 'invalid' }, 'down') ?? '',
        }
      : { random: 0, shuffled: false, negated: false },
  })
}
