// A graph cut at some of its values, into parts that run one after the other.
// Owns: which node belongs to which part, and which values cross. Not: bytes (onnxWriter.ts) or what happens at a cut (inference/graphSession.ts).
// A part holds what depends on the cuts before it. What follows from inputs alone or from weights alone is repeated wherever it
// is wanted: it is cheap, and only float32 values cross then.

/** An operator as far as cutting goes. */
export interface CutNode {
  operator: string
  inputs: readonly (string | null)[]
  outputs: readonly (string | null)[]
  branches?: Readonly<Record<string, { nodes: readonly CutNode[]; results: readonly string[] }>>
}

/** Stands in the list of nodes where a value is handed out and taken in again under the name of its output. */
export const cutOperator = 'Cut'

export interface GraphPart<N extends CutNode> {
  /** In their order. */
  nodes: N[]
  /** Values that come from other parts, or out of cuts. */
  taken: string[]
  /** Values that later parts take, or that go into cuts. */
  given: string[]
}

/** What a value follows from; both together make it an activation, which is computed once. */
interface Origin {
  /** Number of the first part that has it. */
  part: number
  fromInputs: boolean
  fromWeights: boolean
}

/** Names that a node reads: its own inputs, and what its branches read from outside. */
export function readsOf(node: CutNode): string[] {
  const inner = Object.values(node.branches ?? {}).flatMap(({ nodes, results }) => {
    const made = new Set(nodes.flatMap(({ outputs }) => outputs))
    return [...nodes.flatMap(readsOf), ...results].filter((name) => !made.has(name))
  })
  return [...node.inputs.filter((name) => name !== null && name !== ''), ...inner] as string[] // nulls are filtered
}

/**
 * @param nodes  in an order in which they can run
 * @param isInput  whether a name is a graph input  @param isWeight  whether it is a tensor of weights
 * @returns one part more than there are cuts one behind the other; one where there are none
 */
export function cutNodes<N extends CutNode>(
  nodes: readonly N[],
  isInput: (name: string) => boolean,
  isWeight: (name: string) => boolean,
): GraphPart<N>[] {
  if (!nodes.some(({ operator }) => operator === cutOperator))
    return [{ nodes: [...nodes], taken: [], given: [] }]
  const origins = new Map<string, Origin>()
  const makers = new Map<string, N>()
  const originOf = (name: string): Origin =>
    origins.get(name) ?? { part: 0, fromInputs: isInput(name), fromWeights: isWeight(name) }
  const isActivation = (name: string): boolean => {
    const { fromInputs, fromWeights } = originOf(name)
    return fromInputs && fromWeights
  }
  for (const node of nodes) {
    const reads = readsOf(node).map(originOf)
    const isCut = node.operator === cutOperator
    const origin: Origin = {
      part: Math.max(0, ...reads.map(({ part }) => part)) + Number(isCut),
      fromInputs: reads.some(({ fromInputs }) => fromInputs),
      fromWeights: reads.some(({ fromWeights }) => fromWeights),
    }
    for (const name of node.outputs) {
      if (name === null) continue
      origins.set(name, origin)
      makers.set(name, node)
    }
  }
  const count = 1 + Math.max(0, ...[...origins.values()].map(({ part }) => part))
  const parts = Array.from({ length: count }, (_, part) => takeNodes(part))
  const taken = new Set(parts.flatMap((each) => each.taken))
  const intoCuts = nodes.filter(({ operator }) => operator === cutOperator).flatMap(readsOf)
  const wanted = new Set([...taken, ...intoCuts])
  return parts.map((part) => ({
    ...part,
    given: part.nodes
      .flatMap(({ outputs }) => outputs.filter((name) => name !== null))
      .filter((name) => wanted.has(name) && isActivation(name)),
  }))

  function takeNodes(part: number): Omit<GraphPart<N>, 'given'> {
    const own = new Set<N>()
    const foreign = new Set<string>()
    const want = (name: string): void => {
      const maker = makers.get(name)
      if (!maker || own.has(maker)) return
      if (isActivation(name)) foreign.add(name)
      else take(maker)
    }
    const take = (node: N): void => {
      own.add(node)
      readsOf(node).forEach(want)
    }
    for (const node of nodes) {
      const first = node.outputs.find((name) => name !== null)
      if (node.operator === cutOperator || first === undefined || originOf(first).part !== part) continue
      // What is repeated anyway is taken along by those that want it.
      if (isActivation(first)) take(node)
    }
    for (const node of own) for (const name of node.outputs) if (name !== null) foreign.delete(name)
    return { nodes: nodes.filter((node) => own.has(node)), taken: [...foreign] }
  }
}
