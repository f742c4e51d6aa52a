// How byte-level tokenisers of GGUF files take a text apart, by the names that llama.cpp gives to it.
// Owns: what each name means, as the tokenizer.json of the models that carry it has it. Not: the rest of a tokeniser (ggufTokenizer.ts).
// Names from llama.cpp's llama-vocab.cpp and converter. Where llama.cpp leaves a part of tokenizer.json out (composing characters), it is put
// back. Checked against tokenizer.json of each family in tests/parity/preTokenizers.test.ts.
import { errors } from '../contract/errors.ts'
import type { Gguf } from './gguf.ts'

export interface GgufPreTokenizer {
  /** Shaped as `pre_tokenizer` in tokenizer.json. */
  split: object
  /** Characters are composed first (Unicode's NFC). */
  composes: boolean
  /** A word that is a token is taken whole. */
  ignoreMerges: boolean
  /** Whether a text begins with the beginning-of-text token where the file is silent, as in llama.cpp. */
  addBos: boolean
}

const byteLevel = (useRegex: boolean) => ({
  type: 'ByteLevel',
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: useRegex,
})
const sequence = (...pretokenizers: object[]) => ({ type: 'Sequence', pretokenizers })
const split = (...patterns: string[]) =>
  sequence(
    { type: 'Split', pattern: { Regex: patterns.join('|') }, behavior: 'Isolated', invert: false },
    byteLevel(false),
  )

const contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
const word = '[^\\r\\n\\p{L}\\p{N}]?\\p{L}+'
const signs = ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*'
const signsOfPaths = ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*'
const space = '\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+'
// Words that change from capitals to small letters are two.
const upper = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]'
const lower = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]'
const humped = (ending: string): string =>
  ['*', '+']
    .map((some) => `[^\\r\\n\\p{L}\\p{N}]?${upper}${some}${lower}${some === '*' ? '+' : '*'}${ending}`)
    .join('|')

const gpt2 = byteLevel(true)
const digitsApart = sequence({ type: 'Digits', individual_digits: true }, byteLevel(true))
const llama3 = split(contraction, word, '\\p{N}{1,3}', signs, space)
const qwen2 = split(contraction, word, '\\p{N}', signs, space)
const gpt4o = split(humped(`${contraction}?`), '\\p{N}{1,3}', signsOfPaths, space)
const tekken = split(humped(''), '\\p{N}', signsOfPaths, space)

const plain = { composes: false, ignoreMerges: false, addBos: false }
const meanings: Readonly<Record<string, GgufPreTokenizer>> = {
  default: { ...plain, split: gpt2 },
  'gpt-2': { ...plain, split: gpt2 },
  // GPT-NeoX's, which Pythia and the first OLMo have.
  olmo: { ...plain, split: gpt2, composes: true },
  smollm: { ...plain, split: digitsApart },
  'llama-bpe': { ...plain, split: llama3, ignoreMerges: true, addBos: true },
  llama3: { ...plain, split: llama3, ignoreMerges: true, addBos: true },
  'llama-v3': { ...plain, split: llama3, ignoreMerges: true, addBos: true },
  // Llama 3's without a beginning: SmolLM3.
  'smaug-bpe': { ...plain, split: llama3, ignoreMerges: true },
  // OLMo 2 and Phi-4.
  dbrx: { ...plain, split: llama3 },
  // Phi-4-mini.
  'gpt-4o': { ...plain, split: gpt4o },
  // Qwen 2, 2.5 and 3.
  qwen2: { ...plain, split: qwen2, composes: true },
  // Mistral NeMo and later.
  tekken: { ...plain, split: tekken, ignoreMerges: true, addBos: true },
}

/** @throws tokenizerInvalid where the file names one that is not known here */
export function ggufPreTokenizer({ path, metadata }: Gguf): GgufPreTokenizer {
  const name = String(metadata.get('tokenizer.ggml.pre') ?? 'default')
  if (!Object.hasOwn(meanings, name)) {
    const known = Object.keys(meanings).join(', ')
    throw errors.tokenizerInvalid({
      path,
      reason: `the pre-tokeniser “${name.slice(0, 100)}” (only ${known})`,
    })
  }
  const meaning = meanings[name]
  // Files of Pythia that are older than the name `olmo` say `gpt-2`.
  const isNeoX = metadata.get('general.architecture') === 'gptneox' && meaning.split === gpt2
  return isNeoX ? { ...meaning, composes: true } : meaning
}
