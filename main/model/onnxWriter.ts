// ONNX models as bytes: a small protobuf writer and a builder of graphs on top of it.
// Owns: the wire format, value names, constants, tensors that lie in other files. Not: what a decoder's graph holds (decoderGraph.ts).
// Source: field numbers of onnx.proto, IR version 10.

import { cutNodes, cutOperator, readsOf, type GraphPart } from './graphSegments.ts'

/** Element types by their number in TensorProto.DataType. */
export const elementTypes = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  boolean: 9,
  float16: 10,
  bfloat16: 16,
} as const
export type ElementType = keyof typeof elementTypes

/** A number is an integer; a float says so. */
export type Attribute = number | string | readonly number[] | { readonly float: number }

/** Nodes that run only where a condition says so, and the values they give. */
interface Branch {
  nodes: readonly Node[]
  results: readonly string[]
}

/** Fixed sizes as numbers, free ones as letters. */
export type Dimensions = readonly (number | string)[]

/** Bytes of a file that ONNX Runtime maps; `location` is relative to the folder given to the session. */
export interface ExternalTensor {
  location: string
  offset: number
  byteLength: number
  type: ElementType
  shape: readonly number[]
}

interface Node {
  operator: string
  inputs: readonly (string | null)[]
  outputs: readonly (string | null)[]
  attributes: Readonly<Record<string, Attribute>>
  branches?: Readonly<Record<string, Branch>>
}

/** Operators that ONNX Runtime adds to the standard ones. */
const microsoftOperators = new Set([
  'FusedMatMul',
  'MatMulNBits',
  'QuickGelu',
  'RotaryEmbedding',
  'SkipLayerNormalization',
  'SkipSimplifiedLayerNormalization',
])
const microsoft = 'com.microsoft'
const standardOpset = 21
const intermediateVersion = 10

const wire = { varint: 0, bytes: 2, fixed32: 5 } as const

class Message {
  private readonly chunks: Uint8Array[] = []
  private length = 0

  private append(bytes: Uint8Array): void {
    this.chunks.push(bytes)
    this.length += bytes.length
  }

  private varint(value: number): void {
    if (!Number.isSafeInteger(value)) throw new TypeError(`not an integer: ${value}`)
    let rest = BigInt.asUintN(64, BigInt(value)) // negative numbers take all ten bytes
    const bytes: number[] = []
    do {
      const low = Number(rest & 127n)
      rest >>= 7n
      bytes.push(rest ? low | 128 : low)
    } while (rest)
    this.append(Uint8Array.from(bytes))
  }

  private tag(field: number, type: number): void {
    this.varint((field << 3) | type)
  }

  integer(field: number, value: number): void {
    this.tag(field, wire.varint)
    this.varint(value)
  }

  float(field: number, value: number): void {
    this.tag(field, wire.fixed32)
    const bytes = new Uint8Array(4)
    new DataView(bytes.buffer).setFloat32(0, value, true)
    this.append(bytes)
  }

  bytes(field: number, value: Uint8Array): void {
    this.tag(field, wire.bytes)
    this.varint(value.length)
    this.append(value)
  }

  text(field: number, value: string): void {
    this.bytes(field, new TextEncoder().encode(value))
  }

  message(field: number, fill: (inner: Message) => void): void {
    const inner = new Message()
    fill(inner)
    this.bytes(field, inner.finish())
  }

  finish(): Uint8Array {
    const all = new Uint8Array(this.length)
    let at = 0
    for (const chunk of this.chunks) {
      all.set(chunk, at)
      at += chunk.length
    }
    return all
  }
}

function writeAttribute(to: Message, name: string, value: Attribute): void {
  const kinds = { float: 1, integer: 2, text: 3, integers: 7 }
  to.text(1, name)
  if (typeof value === 'number') {
    to.integer(3, value)
    to.integer(20, kinds.integer)
  } else if (typeof value === 'string') {
    to.text(4, value)
    to.integer(20, kinds.text)
  } else if ('float' in value) {
    to.float(2, value.float)
    to.integer(20, kinds.float)
  } else {
    for (const each of value) to.integer(8, each)
    to.integer(20, kinds.integers)
  }
}

/** @param dimensions  left out where they may be any */
function valueInformation(name: string, type: ElementType, dimensions?: Dimensions): Uint8Array {
  const value = new Message()
  value.text(1, name)
  value.message(2, (kind) =>
    kind.message(1, (tensor) => {
      tensor.integer(1, elementTypes[type])
      if (!dimensions) return
      tensor.message(2, (shape) => {
        for (const size of dimensions)
          shape.message(1, (one) => (typeof size === 'number' ? one.integer(1, size) : one.text(2, size)))
      })
    }),
  )
  return value.finish()
}

/** Collects nodes, tensors, inputs and outputs, then writes them as one ModelProto. Values are known by their names. */
export class GraphBuilder {
  private nodes: Node[] = []
  private readonly tensors = new Map<string, Uint8Array>()
  /** Of those, the ones that are no constants of the graph's own. */
  private readonly weights = new Set<string>()
  /** By name. */
  private readonly inputs = new Map<string, Uint8Array>()
  /** By the value's name inside. */
  private readonly outputs = new Map<string, Uint8Array>()
  private readonly newNames = new Map<string, string>()
  private count = 0
  /** How many values have been cut so far. */
  cuts = 0

  /** Appends an operator with several results, of which those not used cost nothing. @returns their names. */
  apply(
    operator: string,
    inputs: readonly (string | null)[],
    attributes: Readonly<Record<string, Attribute>>,
    results: number,
  ): string[] {
    const outputs = Array.from({ length: results }, () => `${operator}_${this.count++}`)
    this.nodes.push({ operator, inputs, outputs, attributes })
    return outputs
  }

  /** Appends an operator with one result. `null` leaves an optional input out. @returns the result's name. */
  op(
    operator: string,
    inputs: readonly (string | null)[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    return this.apply(operator, inputs, attributes, 1)[0]
  }

  /**
   * Runs the nodes that `write` appends only where a boolean scalar holds; they may take any value that is there before.
   * @param write  gives the names of float32 results
   * @returns as many values: those results, or tensors of shape [0] where the condition does not hold
   */
  onlyIf(condition: string, write: () => string[]): string[] {
    const taken = this.branch(write)
    const empty = this.branch(() => taken.results.map(() => this.op('ConstantOfShape', [this.integers([0])])))
    return this.choice(condition, taken, empty)
  }

  /** As `onlyIf`, with other nodes for where the condition does not hold; both give as many results. */
  either(condition: string, whereTrue: () => string[], whereFalse: () => string[]): string[] {
    return this.choice(condition, this.branch(whereTrue), this.branch(whereFalse))
  }

  private choice(condition: string, whereTrue: Branch, whereFalse: Branch): string[] {
    const outputs = whereTrue.results.map(() => `If_${this.count++}`)
    this.nodes.push({
      operator: 'If',
      inputs: [condition],
      outputs,
      attributes: {},
      branches: { then_branch: whereTrue, else_branch: whereFalse },
    })
    return outputs
  }

  private branch(write: () => string[]): Branch {
    const outer = this.nodes
    const nodes: Node[] = []
    this.nodes = nodes
    try {
      return { results: write(), nodes }
    } finally {
      this.nodes = outer
    }
  }

  input(name: string, type: ElementType, dimensions: Dimensions): string {
    this.inputs.set(name, valueInformation(name, type, dimensions))
    return name
  }

  /** Makes a node's result an output of the graph under this name. Nothing is copied. */
  output(value: string, name: string, type: ElementType, dimensions: Dimensions): void {
    if (this.newNames.has(value)) throw new TypeError(`${value} is an output already`)
    this.newNames.set(value, name)
    this.outputs.set(value, valueInformation(name, type, dimensions))
  }

  /**
   * Cuts the graph at a float32 value: a part of the graph ends with it as output `before`, and one that goes on takes it, as
   * it then is, as input `after`.
   * @returns the value to go on with
   */
  cut(value: string, before: string, after: string): string {
    const handed = this.op('Identity', [value]) // the value may have a name already
    this.cuts++
    this.newNames.set(handed, before)
    this.nodes.push({ operator: cutOperator, inputs: [handed], outputs: [after], attributes: {} })
    return after
  }

  /** A tensor that lies in another file; the same name twice is the same tensor. */
  external(name: string, tensor: ExternalTensor): string {
    if (this.tensors.has(name)) return name
    const places = { location: tensor.location, offset: tensor.offset, length: tensor.byteLength }
    const message = new Message()
    for (const size of tensor.shape) message.integer(1, size)
    message.integer(2, elementTypes[tensor.type])
    message.text(8, name)
    for (const [key, value] of Object.entries(places))
      message.message(13, (pair) => {
        pair.text(1, key)
        pair.text(2, String(value))
      })
    message.integer(14, 1)
    this.tensors.set(name, message.finish())
    this.weights.add(name)
    return name
  }

  /** A list of int64 values, as shapes and axes want them. */
  integers(values: readonly number[]): string {
    const name = `integers_${values.join('_')}`
    if (this.tensors.has(name)) return name
    const data = BigInt64Array.from(values, BigInt)
    const message = new Message()
    message.integer(1, values.length)
    message.integer(2, elementTypes.int64)
    message.text(8, name)
    message.bytes(9, new Uint8Array(data.buffer))
    this.tensors.set(name, message.finish())
    return name
  }

  /** A float32 scalar. */
  float(value: number): string {
    const name = `float_${value}`
    if (this.tensors.has(name)) return name
    const message = new Message()
    message.integer(2, elementTypes.float32)
    message.text(8, name)
    message.bytes(9, new Uint8Array(Float32Array.of(value).buffer))
    this.tensors.set(name, message.finish())
    return name
  }

  private writeNode(to: Message, node: Node, index: number): void {
    const named = (value: string | null): string =>
      value === null ? '' : (this.newNames.get(value) ?? value)
    for (const input of node.inputs) to.text(1, named(input))
    for (const output of node.outputs) to.text(2, named(output))
    to.text(3, `${node.operator}_node_${index}`)
    to.text(4, node.operator)
    for (const [name, value] of Object.entries(node.attributes))
      to.message(5, (attribute) => writeAttribute(attribute, name, value))
    for (const [name, branch] of Object.entries(node.branches ?? {}))
      to.message(5, (attribute) => {
        const graphKind = 5
        attribute.text(1, name)
        attribute.message(6, (inner) => this.writeBranch(inner, branch, `${name}_${index}`))
        attribute.integer(20, graphKind)
      })
    if (microsoftOperators.has(node.operator)) to.text(7, microsoft)
  }

  private writeBranch(to: Message, { nodes, results }: Branch, name: string): void {
    nodes.forEach((node, index) => to.message(1, (inner) => this.writeNode(inner, node, index)))
    to.text(2, name)
    for (const result of results) to.bytes(12, valueInformation(result, 'float32'))
  }

  /** @returns the bytes of a ModelProto. @throws TypeError where the graph was cut: then `finishParts` it is */
  finish(name: string): Uint8Array {
    const [whole, ...others] = this.finishParts(name)
    if (others.length > 0) throw new TypeError('the graph was cut')
    return whole
  }

  /** @returns the bytes of one ModelProto for each part, in the order in which they run; one where nothing was cut. */
  finishParts(name: string): Uint8Array[] {
    const parts = cutNodes(
      this.nodes,
      (value) => this.inputs.has(value),
      (value) => this.weights.has(value),
    )
    if (parts.length === 1) return [this.writePart(name, parts[0], true)]
    const made = new Set(parts.flatMap(({ nodes }) => nodes.flatMap(({ outputs }) => outputs)))
    for (const value of this.outputs.keys())
      if (!made.has(value)) throw new TypeError(`${value} follows from no activation and would be lost`)
    return parts.map((part, index) => this.writePart(`${name} ${index}`, part, false))
  }

  /** @param isWhole  then inputs and tensors that nothing reads are kept too */
  private writePart(name: string, { nodes, taken, given }: GraphPart<Node>, isWhole: boolean): Uint8Array {
    const model = new Message()
    model.integer(1, intermediateVersion)
    model.text(2, 'innerview')
    for (const [domain, version] of [
      ['', standardOpset],
      [microsoft, 1],
    ] as const)
      model.message(8, (set) => {
        set.text(1, domain)
        set.integer(2, version)
      })
    const reads = new Set(nodes.flatMap(readsOf))
    const made = new Set(nodes.flatMap(({ outputs }) => outputs))
    const crossing = (value: string): Uint8Array =>
      valueInformation(this.newNames.get(value) ?? value, 'float32')
    model.message(7, (graph) => {
      nodes.forEach((node, index) => graph.message(1, (inner) => this.writeNode(inner, node, index)))
      graph.text(2, name)
      for (const [value, tensor] of this.tensors) if (isWhole || reads.has(value)) graph.bytes(5, tensor)
      for (const [value, input] of this.inputs) if (isWhole || reads.has(value)) graph.bytes(11, input)
      for (const value of taken) graph.bytes(11, crossing(value))
      for (const [value, output] of this.outputs) if (isWhole || made.has(value)) graph.bytes(12, output)
      for (const value of given) if (!this.outputs.has(value)) graph.bytes(12, crossing(value))
    })
    return model.finish()
  }
}
