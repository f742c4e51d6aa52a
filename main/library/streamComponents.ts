// Parts that the residual stream is the sum of, over the layers: heads, neurons, biases.
// Owns: gathering and naming them. Not: one layer's (layerParts.ts), or which make a decomposition (activationCache.ts).
import { stackTensors, type AxedTensor } from '../analysis/axedTensor.ts'
import { joinStacks, sumOfStack } from '../analysis/residualStack.ts'
import { biasPart, headParts, neuronParts, type PartSource } from './layerParts.ts'

/** Components of the stream, and what they are called. */
export interface Components {
  /** [n, B, S, D] each */
  stacks: AxedTensor[]
  /** One for each n of all stacks. */
  labels: string[]
}

/** What each head of the first layers adds. @throws hook_not_cached */
export async function headComponents(source: PartSource, layers: number): Promise<Components> {
  const found: Components = { stacks: [], labels: [] }
  for (let layer = 0; layer < layers; layer++) {
    const parts = await headParts(source, layer)
    found.stacks.push(parts)
    for (let head = 0; head < parts.shape[0]; head++) found.labels.push(`L${layer}H${head}`)
  }
  return found
}

/** What each of the chosen neurons of the first layers adds. @throws hook_not_cached; hook_unknown in a mixture of experts */
export async function neuronComponents(
  source: PartSource,
  layers: number,
  chosen: readonly number[] = Array.from({ length: source.model.config.shape.mlpWidth }, (_, index) => index),
): Promise<Components> {
  const found: Components = { stacks: [], labels: [] }
  for (let layer = 0; layer < layers; layer++) {
    found.stacks.push(await neuronParts(source, layer, chosen))
    for (const neuron of chosen) found.labels.push(`L${layer}N${neuron}`)
  }
  return found
}

/** Adds what is left of `whole`. */
export function addRemainder({ stacks, labels }: Components, whole: AxedTensor): void {
  const sum = stacks.length > 0 ? sumOfStack(joinStacks(stacks)) : null
  const data = sum ? whole.data.map((value, index) => value - sum.data[index]) : whole.data
  stacks.push(stackTensors([{ ...whole, data }]))
  labels.push('remainder')
}

/** Sum of the biases of the first so many layers' attention and MLPs: [1, B, S, D]. */
export async function biasComponent(
  source: PartSource,
  attentions: number,
  mlps: number,
): Promise<AxedTensor> {
  const { shape } = source.at('hook_embed')
  const size = shape.reduce((product, length) => product * length, 1)
  const found: AxedTensor[] = [{ data: new Float32Array(size), shape: [1, ...shape], axes: 'N B S D' }]
  for (let layer = 0; layer < Math.max(attentions, mlps); layer++) {
    const parts = [
      layer < attentions ? await biasPart(source, layer, 'attention') : null,
      layer < mlps ? await biasPart(source, layer, 'mlp') : null,
    ]
    found.push(...parts.filter((part) => part !== null))
  }
  return stackTensors([sumOfStack(joinStacks(found))])
}
