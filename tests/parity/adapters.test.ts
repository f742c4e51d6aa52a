// LoRA adapters against PEFT's own merging (adapters.py), and adapters that do not belong.
// Tolerance 1e-4 of the largest golden value: single precision, summed in another order.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { InferenceClient } from '../../main/inference/inferenceClient.ts'
import { compareWithReference } from '../../main/inference/referenceCheck.ts'
import { hashModel } from '../../main/model/hashModel.ts'
import { openModelFiles } from '../../main/model/openModelFiles.ts'
import { checkDtype, prepareWeights } from '../../main/model/prepareWeights.ts'
import { readReference } from '../../main/model/referenceFile.ts'
import { writeSafetensors } from '../../main/model/safetensors.ts'
import { writeTinyModel } from '../support/tinyModel.ts'

const golden = join(import.meta.dirname, 'golden')
const never = new AbortController().signal
let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'adapters-'))
})
afterEach(() => rmSync(root, { recursive: true }))

/** An adapter beside its base, with a tokeniser to make the base a whole model. */
async function lay(name: string, base = name, at = base): Promise<string> {
  const own = join(root, 'decoders', at)
  cpSync(join(golden, 'decoders', base), own, { recursive: true })
  await writeTinyModel(join(root, 'tiny'))
  for (const file of ['tokenizer.json', 'tokenizer_config.json'])
    cpSync(join(root, 'tiny', file), join(own, file))
  const folder = join(root, 'adapters', name)
  cpSync(join(golden, 'adapters', name), folder, { recursive: true })
  return folder
}

function reconfigure(folder: string, changes: object): void {
  const file = join(folder, 'adapter_config.json')
  const config = JSON.parse(readFileSync(file, 'utf8')) as object // our own file
  writeFileSync(file, JSON.stringify({ ...config, ...changes }))
}

describe.each([
  ['llama-untied-fp32', 'llama-untied-fp32', 'pairs'],
  ['phi3-partial', 'phi3-partial', 'pairs of fused matrices, rank-stabilised'],
  ['gpt2', 'gpt2', 'pairs of transposed matrices'],
  ['llama-dora', 'llama-untied-fp32', 'DoRA'],
  ['gpt2-dora-biases', 'gpt2', 'DoRA of transposed matrices, and biases'],
  ['phi3-patterns', 'phi3-partial', 'ranks and alphas by patterns'],
  ['phi3-whole-fused', 'phi3-partial', 'whole fused matrices and norms'],
  ['qwen2-whole-head', 'qwen2', 'a head of its own where the base shares its embeddings'],
  ['qwen2-whole-embedding', 'qwen2', 'embeddings of its own where the base shares them with its head'],
  ['qwen2-head-pair', 'qwen2', 'a pair for the head where the base shares its embeddings'],
])('the adapter %s of %s (%s)', (name, base) => {
  it('gives the logits, residuals and tokens of PEFT’s model', async () => {
    const files = await openModelFiles(await lay(name, base))
    const { config } = files
    const reference = await readReference(files.path, config.shape)
    if (!reference) throw new TypeError('no reference')
    const weights = await prepareWeights(files, { cacheFolder: join(root, 'cache') })
    const client = await InferenceClient.open({ config, weights, maxRows: 1, threads: 1 }, never)
    const compared = await compareWithReference(
      (request) => client.generate(request, never),
      reference,
      config.shape,
    )
    await client.close()
    const largest = Math.max(...compared.errors.map(({ error }) => error))
    console.log(`${name} with its adapter: largest relative error ${largest.toExponential(1)}`)
    expect(compared.errors).toHaveLength(3)
    expect(largest).toBeLessThan(1e-4)
    expect(compared.greedy).toEqual(compared.greedyReference)
  })
})

describe('an adapter', () => {
  it('is a model of its own: another name, another hash, its base told', async () => {
    const folder = await lay('gpt2')
    const files = await openModelFiles(folder)
    const base = await openModelFiles(join(root, 'decoders', 'gpt2'))
    expect(files).toMatchObject({ path: folder, name: 'gpt2', config: base.config })
    expect(files.notes.join(' ')).toContain('LoRA')
    expect(await hashModel(files)).not.toBe(await hashModel(base))
    const before = await hashModel(files)
    reconfigure(folder, { lora_alpha: 5 })
    expect(await hashModel(await openModelFiles(folder))).not.toBe(before)
    expect((await openModelFiles(join(folder, 'adapter_model.safetensors'))).path).toBe(folder)
  })

  it('finds its base as “base” beside it, and in Hugging Face’s cache', async () => {
    const folder = await lay('gpt2')
    reconfigure(folder, { base_model_name_or_path: 'owner/name' })
    await expect(openModelFiles(folder)).rejects.toThrow(
      expect.objectContaining({
        code: 'adapter_base_missing',
        message: expect.stringContaining('owner/name'),
      }),
    )
    const snapshot = join(root, 'hub', 'models--owner--name', 'snapshots', 'abc')
    cpSync(join(root, 'decoders', 'gpt2'), snapshot, { recursive: true })
    process.env.HF_HUB_CACHE = join(root, 'hub')
    try {
      expect((await openModelFiles(folder)).adapter?.base.weightFiles[0]).toBe(
        join(snapshot, 'model.safetensors'),
      )
    } finally {
      delete process.env.HF_HUB_CACHE
    }
    cpSync(join(root, 'decoders', 'gpt2'), join(folder, 'base'), { recursive: true })
    expect((await openModelFiles(folder)).adapter?.base.weightFiles[0]).toBe(
      join(folder, 'base', 'model.safetensors'),
    )
  })

  it.each([
    ['that is a GPT-NeoX', 'gpt-neox-sequential', /no transformer\.h\.0/],
    ['that is a Qwen', 'qwen3', /no transformer\.h\.0/],
  ])('on a base %s is refused before anything is loaded', async (_, other, reason) => {
    const folder = await lay('gpt2', other, 'gpt2')
    await expect(openModelFiles(folder)).rejects.toThrow(
      expect.objectContaining({ code: 'adapter_mismatch', message: expect.stringMatching(reason) }),
    )
  })

  it('whose matrices have another size than the base’s is refused', async () => {
    const folder = await lay('llama-untied-fp32', 'llama-biased-linear-rope-fp32', 'llama-untied-fp32')
    await expect(openModelFiles(folder)).rejects.toThrow(
      expect.objectContaining({
        code: 'adapter_mismatch',
        message: expect.stringMatching(/8 × 32.*16 × 32/),
      }),
    )
  })

  it.each<[string, object, string, string]>([
    ['of another kind', { peft_type: 'IA3' }, 'model_unsupported', 'IA3'],
    ['without the magnitudes that it names', { use_dora: true }, 'model_malformed', 'no magnitude'],
    ['of another rank than it says', { r: 3 }, 'model_malformed', 'has rank 2'],
    ['of another rank by pattern', { rank_pattern: { c_attn: 5 } }, 'model_malformed', 'says 5'],
    ['with a pattern that is none', { alpha_pattern: { '(': 5 } }, 'model_malformed', '“(”'],
    ['with a pattern that takes for ever', { alpha_pattern: { '(.+)+x': 5 } }, 'model_unsupported', '(.+)+x'],
    ['with biases of pairs', { lora_bias: true }, 'model_unsupported', 'lora_bias'],
    ['with layers repeated', { layer_replication: [[0, 2]] }, 'model_unsupported', 'layer_replication'],
    ['that acts after some tokens', { alora_invocation_tokens: [5] }, 'model_unsupported', 'alora'],
    ['of a kind not yet known', { use_next: true }, 'model_unsupported', 'use_next'],
    ['that changed its base', { init_lora_weights: 'pissa_niter_4' }, 'model_unsupported', 'pissa_niter_4'],
    ['without a rank', { r: undefined }, 'model_malformed', 'r:'],
    ['with a rank of nothing', { r: 0 }, 'model_malformed', 'r:'],
  ])('%s is refused', async (_, changes, code, reason) => {
    const folder = await lay('gpt2')
    reconfigure(folder, changes)
    await expect(openModelFiles(folder)).rejects.toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(reason) }),
    )
  })

  it.each([
    ['of another size', 'lm_head.weight', 'adapter_mismatch', '[96,32], the base has [97,32]'],
    ['that the base lacks', 'model.layers.0.self_attn.q_norm.weight', 'adapter_mismatch', 'q_norm'],
  ])('with a whole module %s is refused', async (_, name, code, reason) => {
    const folder = await lay('qwen2-whole-head', 'qwen2')
    await writeSafetensors(join(folder, 'adapter_model.safetensors'), [
      {
        name: `base_model.model.${name}`,
        dtype: 'F32',
        shape: [96, 32],
        data: new Float32Array(96 * 32),
      },
    ])
    await expect(openModelFiles(folder)).rejects.toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(reason) }),
    )
  })

  it('with a matrix of another kind is refused by that matrix’s name', async () => {
    const folder = await lay('gpt2')
    await writeSafetensors(join(folder, 'adapter_model.safetensors'), [
      {
        name: 'base_model.model.transformer.wte.lora_embedding_A',
        dtype: 'F32',
        shape: [1],
        data: Float32Array.of(1),
      },
    ])
    await expect(openModelFiles(folder)).rejects.toThrow(
      expect.objectContaining({
        code: 'model_unsupported',
        message: expect.stringContaining('wte.lora_embedding_A'),
      }),
    )
  })

  it('without its weights, or on another adapter, is refused', async () => {
    const folder = await lay('gpt2')
    reconfigure(folder, { base_model_name_or_path: folder })
    await expect(openModelFiles(folder)).rejects.toThrow(
      expect.objectContaining({ code: 'model_unsupported' }),
    )
    rmSync(join(folder, 'adapter_model.safetensors'))
    await expect(openModelFiles(folder)).rejects.toThrow(
      expect.objectContaining({ code: 'model_file_missing' }),
    )
  })

  it('is not merged into blocks of a GGUF file', async () => {
    const files = await openModelFiles(await lay('gpt2'))
    expect(() => checkDtype({ ...files, format: 'gguf', dtype: 'Q8_0' }, 'gguf')).toThrow(
      expect.objectContaining({ code: 'dtype_unavailable' }),
    )
  })
})
