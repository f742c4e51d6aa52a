import { openModel, pathPatch } from 'innerview'

await using model = await openModel('embedded')
const clean = 'Q1: Is it alive?\nA: Yes.\n'
const corrupted = 'Q1: Is it alive?\nA: No.\n'
const { logits: target, cache } = await model.runWithCache(clean)
const { data: before } = await model.forward(corrupted)

/** Mean square of what is left between the logits of the last position. */
const { vocabulary } = model.shape
const distance = (logits: Float32Array) =>
  logits
    .slice(-vocabulary)
    .reduce((sum, value, id) => sum + (value - target.data.at(id - vocabulary)!) ** 2 / vocabulary, 0)

// Activation patching, layer by layer: all runs form one batch.
const layers = Array.from({ length: model.shape.layers }, (_, layer) => layer)
const patched = await Promise.all(
  layers.map((layer) => {
    const hook = `blocks.${layer}.hook_resid_post`
    return model.forward(corrupted, {
      interventions: [{ kind: 'patch', hook, positions: 'lastPrompt', source: cache.get(hook) }],
    })
  }),
)
const left = patched.map(({ data }) => distance(data) / distance(before))
console.log(left.length, left[5] === 0)
// prints: 6 true

// What head 1 of layer 1 sends to the queries of layer 4 directly, and nowhere else.
const along = await pathPatch(model, {
  clean,
  corrupted,
  sender: { hook: 'blocks.1.attn.hook_z', heads: [1] },
  receivers: [{ hook: 'blocks.4.attn.hook_q' }],
})
console.log(along.axes, along.shape.join() === target.shape.join())
// prints: B S V true
