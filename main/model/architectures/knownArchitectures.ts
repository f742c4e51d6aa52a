// Every architecture that can be opened.
// Owns: the list. A new one is a file beside this and a line here: docs/adding-an-architecture.md.
import type { Architecture } from './architecture.ts'
import { gemma2 } from './gemma2.ts'
import { gemma3 } from './gemma3.ts'
import { gpt2 } from './gpt2.ts'
import { gptNeox } from './gptNeox.ts'
import { llama } from './llama.ts'
import { mistral } from './mistral.ts'
import { mixtral } from './mixtral.ts'
import { olmo2 } from './olmo2.ts'
import { phi3 } from './phi3.ts'
import { qwen2 } from './qwen2.ts'
import { qwen3 } from './qwen3.ts'
import { qwen3Moe } from './qwen3Moe.ts'
import { smollm3 } from './smollm3.ts'

export const knownArchitectures: readonly Architecture[] = [
  llama,
  mistral,
  mixtral,
  smollm3,
  qwen2,
  qwen3,
  qwen3Moe,
  gemma2,
  gemma3,
  phi3,
  gpt2,
  gptNeox,
  olmo2,
]

/** For the message that another cannot be opened. */
export const supportedArchitectures: readonly string[] = knownArchitectures.map(
  ({ type, models }) => `${type} (${models})`,
)

/** By Hugging Face's `model_type`, as a decoder's configuration names it. @throws TypeError where none has that name */
export function architectureNamed(type: string): Architecture {
  const found = knownArchitectures.find((architecture) => architecture.type === type)
  if (!found) throw new TypeError(`no architecture ${type}`)
  return found
}
