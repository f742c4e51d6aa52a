// A run that was not played here, as the store keeps it.
// Owns: settings, manifest and steps out of what files tell, and what they do not tell. Not: reading (importTasks.ts) or storing (importDesk.ts).
import { basename } from 'node:path'
import { pointOfPositions } from '../../analysis/poolings.ts'
import {
  collectSettings,
  type CollectSettings,
  type ImportOrigin,
  type RunManifest,
} from '../../contract/runs.ts'
import type { ImportedHook, ImportedStep } from '../../imports/aresFolder.ts'
import type { CapturedActivations } from '../../store/activations.ts'
import type { NewRun } from '../../store/runs.ts'
import type { NewStep } from '../../store/steps.ts'
import { version } from '../../version.ts'

export interface ImportedRun {
  name: string
  modelName: string
  origin: ImportOrigin
  episodes: number
  maxSteps: number
  hooks: readonly string[]
  positions: CollectSettings['capture']['positions']
}

/** Upstream's own way of playing stands in its scripts, not in its files. */
export function runOf({
  name,
  modelName,
  origin,
  episodes,
  maxSteps,
  hooks,
  positions,
}: ImportedRun): NewRun {
  const settings = collectSettings.parse({
    modelId: modelName,
    name,
    environment: { name: 'twenty_questions', maxSteps, winRule: 'substring', stopTokenInHistory: true },
    oracle: { kind: 'openai' },
    episodes,
    sampling: {},
    capture: { hooks: [...hooks], positions },
  })
  const manifest: RunManifest = {
    innerview: version,
    onnxruntime: 'none',
    platform: 'not known',
    modelName,
    ...{ modelHash: '', configHash: '', tokenizerHash: '', chatTemplateHash: '' },
    dtype: 'not known',
    computeDtype: 'float32',
    device: 'not known',
    oracle: 'not known',
    environmentVersion: 'not known',
    interventions: [],
    chooser: 'applyAtSteps',
    imported: origin,
  }
  return { kind: 'import', name: name || basename(origin.path) || origin.path, settings, manifest }
}

const unknownToken = -1

/** @param said  what the files tell beside the step itself; texts are empty where they tell none */
export function stepOf(
  { run, episode, step }: { run: string; episode: number; step: number },
  { isInvalid, isWin, answer, prompt, generated, hooks }: ImportedStep,
  said: { outcome: NewStep['outcome']; completion?: string; positions: ImportedRun['positions'] },
): NewStep {
  const unknown = new Float32Array(generated).fill(NaN)
  return {
    record: {
      runId: run,
      episode,
      step,
      messages: [],
      promptIds: new Int32Array(prompt).fill(unknownToken),
      completionIds: new Int32Array(generated).fill(unknownToken),
      logProbabilities: unknown,
      ranks: new Int32Array(generated).fill(unknownToken),
      entropies: unknown,
      topIds: new Int32Array(generated * 5).fill(unknownToken),
      topLogProbabilities: new Float32Array(generated * 5).fill(NaN),
      completion: said.completion ?? '',
      finish: 'stop',
      answer,
      isInvalid,
      isWin,
      reward: isWin ? 0 : -1,
      labels: {},
      confidence: null,
      reason: '',
      droppedTurns: 0,
      reusedTokens: 0,
      ...{ prefillMs: 0, decodeMs: 0, oracleMs: 0 },
      interventions: [],
    },
    state: {},
    outcome: said.outcome,
    captures: hooks.map((hook) => captureOf(hook, { prompt, generated }, said.positions)),
  }
}

function captureOf(
  { hook, width, data }: ImportedHook,
  { prompt, generated }: { prompt: number; generated: number },
  positions: ImportedRun['positions'],
): CapturedActivations {
  const at = (point: 'lastPrompt' | 'meanPrompt' | 'firstGenerated' | 'meanGenerated'): Float32Array | null =>
    pointOfPositions(point, data, { prompt, width })
  return {
    hook,
    width,
    lastPrompt: at('lastPrompt')!, // a prompt has a token
    meanPrompt: at('meanPrompt'),
    firstGenerated: generated > 0 ? at('firstGenerated') : null,
    meanGenerated: generated > 0 ? at('meanGenerated') : null,
    ...(positions === 'all' && { all: { firstPosition: 0, data } }),
  }
}
