// `models check`: does this model read, speak and compute as it should?
// Owns: the order of the checks and those on text. Not: the numerical ones (inference/selfCheck.ts, referenceCheck.ts), or keeping what is found (modelLibrary.ts).
import type { WorkProgress } from '../contract/api.ts'
import type { CheckResult, ComputeDtype, ModelCheck, ModelShape } from '../contract/models.ts'
import { compareWithReference, referenceResults, type ReferenceError } from '../inference/referenceCheck.ts'
import { selfCheck, type Generate } from '../inference/selfCheck.ts'
import { dtypeNotes } from '../model/blockWeights.ts'
import { hashConfig, hashModel, hashTokenizer } from '../model/hashModel.ts'
import type { DecoderConfig } from '../model/modelFiles.ts'
import { openModelFiles } from '../model/openModelFiles.ts'
import { readReference, type Reference } from '../model/referenceFile.ts'
import { runtimeVersion, version } from '../version.ts'
import { deviceName } from './device.ts'
import { LoadedModel } from './loadedModel.ts'

type Tell = (progress: WorkProgress) => void

export interface CheckOptions {
  cacheFolder: string
  /** What is computed with; `float32` where left out. */
  dtype?: ComputeDtype
  /** SHA-256 of the weights, where it is known to be that of the files as they are now. */
  hash?: string
}

/** Rows the numerical checks run beside one another. */
const ROWS = 4

const samples = [
  'Is it alive?',
  '  two  spaces,\n\na blank line\tand a tab',
  'naïve café, Ελλάδα, 日本語, 🦜',
  'const x = { a: [1, 2.5e-3] } // 100 %',
]

/**
 * Files first, then text, then numbers: against themselves, and against those of another program where they lie beside the
 * model (scripts/reference.py). A file that cannot be read ends it with its error.
 * @throws whatever opening the model throws; model_malformed where the reference is another model's; the signal's reason when aborted
 */
export async function checkModel(
  path: string,
  options: CheckOptions,
  tell: Tell,
  signal: AbortSignal,
): Promise<ModelCheck> {
  const files = await openModelFiles(path)
  const reference = await readReference(files.path, files.config.shape)
  const tellHashing = within(tell, 0, 0.1)
  const onProgress = (fraction: number): void => tellHashing({ label: 'Hashing the weights', fraction })
  const hash = options.hash ?? (await hashModel(files, { signal, onProgress }))
  const { cacheFolder, dtype = 'float32' } = options
  const model = await LoadedModel.open(
    files,
    { cacheFolder, dtype, rows: ROWS, hash },
    within(tell, 0.1, 0.3),
    signal,
  )
  try {
    const texts = [filesRead(files.config, dtype), textsReturn(model), wordsReachPrompt(model)]
    const generate: Generate = (request) => model.generate(request, signal)
    const prompt = model.encodeChat([{ role: 'user', content: samples[0] }])
    const tellChecking = within(tell, 0.3, reference ? 0.6 : 1)
    const numbers = await selfCheck(generate, { shape: model.shape, prompt }, (fraction) =>
      tellChecking({ label: 'Checking the numbers', fraction }),
    )
    const compared = reference && (await compare(generate, reference, model.shape, within(tell, 0.6, 1)))
    return {
      results: [...texts, ...numbers, ...(compared?.results ?? [])].map(withFiniteError),
      reference: compared?.reference ?? null,
      checkedAt: new Date().toISOString(),
      hash,
      configHash: hashConfig(files.config),
      tokenizerHash: await hashTokenizer(files.tokenizer),
      dtype,
      device: deviceName(),
      innerview: version,
      onnxruntime: runtimeVersion,
    }
  } finally {
    await model.close()
  }
}

/** A part of the work as a share of the whole, about as long as it takes on a small model; never back, though a part may have parts of its own. */
function within(tell: Tell, from: number, to: number): Tell {
  let reached = from
  return ({ label, fraction }) => {
    reached = Math.max(reached, from + (to - from) * fraction)
    tell({ label, fraction: reached })
  }
}

interface Compared {
  results: CheckResult[]
  reference: NonNullable<ModelCheck['reference']>
}

async function compare(
  generate: Generate,
  reference: Reference,
  shape: ModelShape,
  tell: Tell,
): Promise<Compared> {
  const program = programOf(reference)
  const comparison = await compareWithReference(generate, reference, shape, (fraction) =>
    tell({ label: `Comparing with ${program}`, fraction }),
  )
  const worst = comparison.errors.reduce((one, other) => (isWorse(other, one) ? other : one))
  return {
    results: referenceResults(comparison),
    reference: { program, largestError: finite(worst.error), at: worst.name },
  }
}

const isWorse = (one: ReferenceError, other: ReferenceError): boolean => !(one.error <= other.error)

const programOf = ({ madeBy }: Reference): string =>
  madeBy.transformers ? `transformers ${madeBy.transformers}` : (madeBy.generator ?? 'another program')

/** JSON has no infinity. */
const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)

const withFiniteError = (result: CheckResult): CheckResult => ({
  ...result,
  largestError: result.largestError === null ? null : finite(result.largestError),
})

function filesRead(config: DecoderConfig, dtype: ComputeDtype): CheckResult {
  const { layers, residualWidth } = config.shape
  const whole = `every tensor of ${layers} layers × ${residualWidth} is there, in its shape`
  return {
    name: 'files',
    passed: true, // opening has thrown otherwise
    largestError: null,
    detail: [whole, ...dtypeNotes(config, dtype)].join('. '),
  }
}

/** Characters a tokeniser may change by design are not among the samples. */
function textsReturn(model: LoadedModel): CheckResult {
  const wrong = samples.filter((text) => !model.decode(model.encodeText(text)).endsWith(text))
  return {
    name: 'tokeniser',
    passed: wrong.length === 0,
    largestError: null,
    detail: wrong.length === 0 ? `${samples.length} texts return unchanged` : `changed: “${wrong[0]}”`,
  }
}

/** A template that drops what a user says would still render. */
function wordsReachPrompt(model: LoadedModel): CheckResult {
  const one = model.encodeChat([{ role: 'user', content: 'a' }])
  const other = model.encodeChat([{ role: 'user', content: 'a a a' }])
  const differ = one.length !== other.length || one.some((id, i) => id !== other[i])
  return {
    name: 'chat template',
    passed: differ,
    largestError: null,
    detail: differ ? 'a user’s words reach the prompt' : 'a user’s words are not in the prompt',
  }
}
