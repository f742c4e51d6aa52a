import { openModel, pathPatch } from 'innerview'

await using model = await openModel('embedded')
const logits = await pathPatch(model, {
  clean: 'Q1: Is it alive?\nA: Yes.\n',
  corrupted: 'Q1: Is it alive?\nA: No.\n', // as many tokens
  sender: { hook: 'blocks.1.attn.hook_z', heads: [2] },
  receivers: [{ hook: 'blocks.4.attn.hook_q', heads: [0, 1, 2] }],
  holdMlps: true,
})
console.log(logits.axes, logits.shape[2] === model.shape.vocabulary)
// prints: B S V true
