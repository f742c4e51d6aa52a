// `models check`: does this model read, speak and compute as it should?
// Owns: the order of the checks and those on text. Not: the numerical ones (inference/selfCheck.ts, referenceCheck.ts).
import type { WorkProgress } from '../contract/api.ts'
import type { CheckResult } from '../contract/models.ts'
import { compareWithReference, referenceResults } from '../inference/referenceCheck.ts'
import { selfCheck, type Generate } from '../inference/selfCheck.ts'
import { openModelFiles } from '../model/openModelFiles.ts'
import { readReference, type Reference } from '../model/referenceFile.ts'
import { LoadedModel } from './loadedModel.ts'

/** Rows the numerical checks run beside one another. */
const ROWS = 4

const samples = [
  'Is it alive?',
  '  two  spaces,\n\na blank line\tand a tab',
  'naïve café, Ελλάδα, 日本語, 🦜',
  'const x = { a: [1, 2.5e-3] } // 100 %',
]

/**
 * Files first, then text, then numbers; where a reference file lies beside the model (scripts/reference.py), these against
 * another program's, too. A file that cannot be read ends it with its error.
 * @throws whatever opening the model throws; modelMalformed where the reference is another model's
 */
export async function checkModel(
  path: string,
  cacheFolder: string,
  tell: (progress: WorkProgress) => void,
  signal: AbortSignal,
): Promise<CheckResult[]> {
  const files = await openModelFiles(path)
  const reference = await readReference(files.path, files.config.shape)
  const model = await LoadedModel.open(files, { cacheFolder, rows: ROWS }, tell, signal)
  try {
    const results = [filesRead(model), textsReturn(model), wordsReachPrompt(model)]
    const prompt = model.encodeChat([{ role: 'user', content: samples[0] }])
    const generate: Generate = (request) => model.generate(request, signal)
    const numbers = await selfCheck(generate, { shape: model.shape, prompt }, (fraction) =>
      tell({ label: 'Checking the numbers', fraction }),
    )
    const compared = reference ? await againstReference(generate, reference, model, tell) : []
    return [...results, ...numbers, ...compared]
  } finally {
    await model.close()
  }
}

async function againstReference(
  generate: Generate,
  reference: Reference,
  { shape }: LoadedModel,
  tell: (progress: WorkProgress) => void,
): Promise<CheckResult[]> {
  const comparison = await compareWithReference(generate, reference, shape, (fraction) =>
    tell({ label: 'Comparing with the reference', fraction }),
  )
  return referenceResults(comparison)
}

function filesRead(model: LoadedModel): CheckResult {
  const { layers, residualWidth } = model.shape
  return {
    name: 'files',
    passed: true, // opening has thrown otherwise
    largestError: null,
    detail: `every tensor of ${layers} layers × ${residualWidth} is there, in its shape`,
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
