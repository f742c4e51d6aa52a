// Path patching for a program: prompts in any form, logits with axes.
// Owns: the public face of it. Not: the runs it is made of (inference/pathPatching.ts).
import { sliceAxis, type AxedTensor } from '../analysis/axedTensor.ts'
import { pathPatch as patchPath, type PathEnd } from '../inference/pathPatching.ts'
import { modelInside, type Model } from './model.ts'
import { checkOptions, type OptionKinds } from '../contract/options.ts'
import type { Prompt } from './prompts.ts'

export interface PathPatchOptions {
  clean: Prompt
  /** As many tokens. */
  corrupted: Prompt
  sender: PathEnd
  /** In later layers than the sender, or behind it in the same. */
  receivers: readonly PathEnd[]
  /** Whether MLPs on the way keep what they gave on the clean prompt; false where left out, as in Wang et al. 2022. */
  holdMlps?: boolean
  signal?: AbortSignal
}

const pathPatchOptions: OptionKinds<PathPatchOptions> = {
  clean: 'any',
  corrupted: 'any',
  sender: 'any',
  receivers: 'any',
  holdMlps: 'boolean',
  signal: 'signal',
}
const endKinds: OptionKinds<PathEnd> = { hook: 'text', heads: 'any' }

/**
 * The clean prompt's logits when the receivers get what the sender alone sends them directly on the corrupted prompt.
 * @returns [1, S, V], axes `B S V`
 * @throws hook_unknown, layer_out_of_range, invalid_input, prompt_too_long, session_lost; the signal's reason
 */
export async function pathPatch(model: Model, options: PathPatchOptions): Promise<AxedTensor> {
  checkOptions('pathPatch', options, pathPatchOptions)
  const { sender, receivers, holdMlps = false, signal = new AbortController().signal } = options
  if (!Array.isArray(receivers)) throw new TypeError('pathPatch: “receivers” is a list of { hook, heads }')
  for (const end of [sender, ...(receivers as PathEnd[])]) checkOptions('an end of a path', end, endKinds)
  const clean = model.toPromptIds(options.clean)
  const { parts } = modelInside(model)
  const { logits } = await patchPath(
    async (request) => (await parts.ask(request, { promptOnly: false, signal, functions: [] })).result,
    { clean, corrupted: model.toPromptIds(options.corrupted), sender, receivers, holdMlps },
    model.shape,
  )
  const { vocabulary } = model.shape
  const data = logits as Float32Array // asked for
  const whole = { data, shape: [1, data.length / vocabulary, vocabulary], axes: 'B S V' }
  return sliceAxis(whole, 'S', 0, clean.length)
}
