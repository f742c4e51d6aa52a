import { openModel } from 'innerview'

await using model = await openModel('embedded')
const prompt = 'Q1: Is it alive?\nA: Yes.\n'
const plain = await model.forward(prompt)

// A function gets the tensor with its axes and changes it in place, or gives new values.
const withoutHead = await model.runWithHooks(prompt, {
  fwdHooks: [
    [
      'blocks.2.attn.hook_z',
      ({ data, shape: [, positions, heads, width] }) => {
        for (let position = 0; position < positions; position++)
          data.fill(0, (position * heads + 1) * width, (position * heads + 2) * width)
      },
    ],
  ],
})

// The same said as an intervention: it acts inside the graph, so it is faster and runs in a batch with others.
const ablated = await model.forward(prompt, {
  interventions: [{ kind: 'zeroAblate', hook: 'blocks.2.attn.hook_z', heads: [1], positions: 'allPrompt' }],
})
const apart = (a: Float32Array, b: Float32Array) => Math.max(...a.map((value, i) => Math.abs(value - b[i])))
console.log(apart(withoutHead.data, ablated.data) < 1e-4, apart(ablated.data, plain.data) > 1e-2)
// prints: true true

// Arrays at hand serve as vectors and sources. Steering acts in generation, too.
const { cache } = await model.runWithCache('Q1: Can it fly?\nA: No.\n')
const direction = cache.get('blocks.3.hook_resid_post').data.slice(-model.shape.residualWidth)
const steered = await model.generate(prompt, {
  maxNewTokens: 12,
  temperature: 0,
  interventions: [
    {
      kind: 'add',
      hook: 'blocks.3.hook_resid_post',
      positions: 'all',
      vector: direction,
      alpha: 0.5,
      unit: 'valueNorm',
    },
  ],
})
const { tokens } = steered.interventions[0]
console.log(tokens >= model.tokenizer.toTokens(prompt).length)
// prints: true
