// The stored activations of a run as one safetensors file, for programs that do not speak SQL.
// Owns: which tensors the file has, their order and metadata. Not: reading them (store/) or the format (model/safetensors.ts).
import type { WorkProgress } from '../contract/api.ts'
import { errors } from '../contract/errors.ts'
import { starExpression, withoutBraces } from '../model/hookGlobs.ts'
import { writeSafetensors, type TensorToWrite } from '../model/safetensors.ts'
import type { CapturedSteps, DecisionPoint } from '../store/activations.ts'
import { Workspace } from '../store/workspace.ts'
import { version } from '../version.ts'

export interface ActivationExport {
  workspaceFolder: string
  runId: string
  /** Names and patterns (model/hookGlobs.ts) of hook points that the run captured; none at all for every one. */
  hooks: readonly string[]
  at: DecisionPoint
  /** The file. */
  out: string
}

export interface ExportedActivations {
  runId: string
  at: DecisionPoint
  out: string
  /** N */
  steps: number
  tensors: { name: string; shape: number[] }[]
}

/** Rows that are in memory at once. */
const BLOCK_ROWS = 256

/**
 * Writes one float32 [N, D] under each hook point's own name, and int32 [N] `episode`, `step` and `is_invalid`: row i of all
 * of them is the same step. Works beside a writer; what it stores after the beginning is left out.
 * @throws not_found, hook_not_captured, workspace_missing, file_unwritable, disk_full; the signal's reason when aborted
 */
export async function exportActivations(
  wanted: ActivationExport,
  tell: (progress: WorkProgress) => void,
  signal: AbortSignal,
): Promise<ExportedActivations> {
  const { runId, at, out } = wanted
  const workspace = Workspace.open(wanted.workspaceFolder, { readOnly: true })
  try {
    const { name, manifest, settings } = workspace.runs.get(runId)
    const hooks = chosenHooks(runId, settings.capture.hooks, wanted.hooks)
    const steps = workspace.activations.steps({ runId, hook: hooks[0], at })
    const total = steps.step.length
    if (total === 0) throw errors.hookNotCaptured({ runId, hook: `${hooks[0]} (${at})`, captured: [] })
    const tensors = [
      ...hooks.map((hook, i): TensorToWrite => {
        const { width } = i === 0 ? steps : workspace.activations.steps({ runId, hook, at })
        const onRow = (row: number): void =>
          tell({ label: 'Writing activations', fraction: (i * total + row) / (hooks.length * total) })
        const data = blocks(workspace, { runId, hook, at, steps, width }, onRow, signal)
        return { name: hook, dtype: 'F32', shape: [total, width], data }
      }),
      column('episode', steps.episode),
      column('step', steps.step),
      column('is_invalid', steps.isInvalid),
    ]
    await writeSafetensors(out, tensors, {
      run: runId,
      run_name: name,
      model: manifest.modelName,
      model_hash: manifest.modelHash,
      tokenizer_hash: manifest.tokenizerHash,
      compute_dtype: manifest.computeDtype,
      hooks: JSON.stringify(hooks),
      at,
      axes: 'N D',
      stored_as: settings.capture.dtype,
      innerview: version,
    })
    return {
      runId,
      at,
      out,
      steps: total,
      tensors: tensors.map(({ name, shape }) => ({ name, shape: [...shape] })),
    }
  } finally {
    workspace.close()
  }
}

const column = (name: string, data: Int32Array): TensorToWrite => ({
  name,
  dtype: 'I32',
  shape: [data.length],
  data,
})

/** @throws hook_not_captured, also for a pattern that fits none */
function chosenHooks(runId: string, captured: readonly string[], wanted: readonly string[]): string[] {
  if (captured.length === 0) throw errors.hookNotCaptured({ runId, hook: 'any hook point', captured: [] })
  const patterns = wanted.length === 0 ? ['*'] : wanted
  const chosen = patterns.flatMap(withoutBraces).flatMap((pattern) => {
    const expression = starExpression(pattern)
    const fitting = captured.filter((hook) => expression.test(hook))
    if (fitting.length === 0) throw errors.hookNotCaptured({ runId, hook: pattern, captured: [...captured] })
    return fitting
  })
  return [...new Set(chosen)]
}

interface Rows {
  runId: string
  hook: string
  at: DecisionPoint
  steps: CapturedSteps
  width: number
}

/** [≤ BLOCK_ROWS, D] each, read when the file is ready for them. */
function* blocks(
  workspace: Workspace,
  { steps, width, ...which }: Rows,
  onRow: (row: number) => void,
  signal: AbortSignal,
): Generator<Float32Array> {
  const total = steps.step.length
  for (let start = 0; start < total; start += BLOCK_ROWS) {
    signal.throwIfAborted()
    onRow(start)
    const end = Math.min(start + BLOCK_ROWS, total)
    const block = new Float32Array((end - start) * width)
    for (let row = start; row < end; row++) {
      const address = { ...which, episode: steps.episode[row], step: steps.step[row] }
      block.set(workspace.activations.get(address).data, (row - start) * width)
    }
    yield block
  }
}
