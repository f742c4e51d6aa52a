import * as onnx from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { cutNodes, type CutNode } from './graphSegments.ts'
import { GraphBuilder } from './onnxWriter.ts'

const node = (operator: string, inputs: string[], ...outputs: string[]): CutNode => ({
  operator,
  inputs,
  outputs,
})
const parts = (nodes: CutNode[]): { nodes: string[]; taken: string[]; given: string[] }[] =>
  cutNodes(
    nodes,
    (name) => name.startsWith('in'),
    (name) => name.startsWith('weight'),
  ).map((part) => ({ ...part, nodes: part.nodes.map(({ outputs }) => String(outputs[0])) }))

describe('parts of a graph', () => {
  it('are one where nothing is cut', () => {
    expect(parts([node('A', ['in', 'weight'], 'a')])).toEqual([{ nodes: ['a'], taken: [], given: [] }])
  })

  it('hold what depends on the cuts before them, and take what was computed earlier', () => {
    const found = parts([
      node('A', ['in', 'weight'], 'a'),
      node('B', ['a'], 'b'),
      node('Cut', ['b'], 'b2'),
      node('C', ['b2', 'a'], 'c'),
      node('D', ['a'], 'd'),
      node('Cut', ['c'], 'c2'),
      node('E', ['c2', 'd'], 'e'),
    ])
    expect(found).toEqual([
      { nodes: ['a', 'b', 'd'], taken: [], given: ['a', 'b', 'd'] },
      { nodes: ['c'], taken: ['b2', 'a'], given: ['c'] },
      { nodes: ['e'], taken: ['c2', 'd'], given: [] },
    ])
  })

  it('repeat what follows from inputs alone or from weights alone', () => {
    const found = parts([
      node('Shape', ['in'], 'shape'),
      node('Cast', ['weight'], 'wide'),
      node('A', ['in', 'wide'], 'a'),
      node('Cut', ['a'], 'a2'),
      node('B', ['a2', 'shape', 'wide'], 'b'),
    ])
    expect(found[1]).toEqual({ nodes: ['shape', 'wide', 'b'], taken: ['a2'], given: [] })
  })

  it('see through branches', () => {
    const branch = { nodes: [node('B', ['a'], 'b'), node('C', ['b', 'x2'], 'c')], results: ['c'] }
    const found = parts([
      node('A', ['in', 'weight'], 'a'),
      node('Cut', ['a'], 'x2'),
      { operator: 'If', inputs: ['inFlag'], outputs: ['r'], branches: { then_branch: branch } },
    ])
    expect(found[1]).toEqual({ nodes: ['r'], taken: ['a', 'x2'], given: [] })
  })
})

describe('a cut graph', () => {
  function doubledTwice(): GraphBuilder {
    const graph = new GraphBuilder()
    const x = graph.input('x', 'float32', ['N'])
    const weight = graph.external('w', {
      location: 'nowhere',
      offset: 0,
      byteLength: 4,
      type: 'float32',
      shape: [1],
    })
    const first = graph.op('Mul', [graph.op('Add', [x, weight]), graph.float(2)])
    const second = graph.op('Mul', [graph.cut(first, 'before', 'after'), graph.float(2)])
    graph.output(second, 'y', 'float32', ['N'])
    return graph
  }

  it('goes on with what is taken in', async () => {
    const [, further] = doubledTwice().finishParts('cut')
    const session = await onnx.InferenceSession.create(further)
    expect([session.inputNames, session.outputNames]).toEqual([['after'], ['y']])
    const after = new onnx.Tensor('float32', Float32Array.of(3, 4), [2])
    expect((await session.run({ after })).y.data).toEqual(Float32Array.of(6, 8))
    await session.release()
  })

  it('is not written as one', () => {
    expect(() => doubledTwice().finish('cut')).toThrow(TypeError)
  })

  it('keeps every output, or is not written', () => {
    const graph = doubledTwice()
    graph.output(graph.op('Identity', ['x']), 'lost', 'float32', ['N'])
    expect(() => graph.finishParts('cut')).toThrow(/lost/)
  })
})
