import { openModel } from 'innerview'

await using model = await openModel('embedded')
const prompt = 'Q1: Is it alive?\nA: Yes.\n'
const { logits, cache } = await model.runWithCache(prompt)

const tokens = model.tokenizer.toStrTokens(prompt)
const pattern = cache.get('blocks.3.attn.hook_pattern')
console.log(pattern.axes, pattern.shape.join() === [1, 4, tokens.length, tokens.length].join())
// prints: B H S T true

// Only what is named is kept: names, globs, regular expressions, functions.
const { cache: small } = await model.runWithCache(prompt, {
  names: ['hook_embed', 'blocks.*.hook_resid_post', /ln_final/],
})
console.log(small.keys.length)
// prints: 9

// Which components speak for “Is” rather than “Can” as the next token?
const stack = cache.decomposeResid({ position: -1 })
const { data, labels, bias } = await cache.logitAttribution('Is', { incorrectTokens: 'Can', stack })
console.log(stack.axes, labels.slice(0, 3).join(' '))
// prints: N B S D embed 0_attn_out 0_mlp_out

// Components and bias add up to the model's own logit difference.
const { vocabulary } = model.shape
const last = logits.data.subarray((tokens.length - 1) * vocabulary)
const [is, can] = ['Is', 'Can'].map((text) => model.tokenizer.toSingleToken(text))
const sum = data.reduce((total, value) => total + value, bias[0])
console.log(Math.abs(sum - (last[is] - last[can])) < 1e-3)
// prints: true

// Heads one by one, and the logit lens at the last position.
const heads = await cache.stackHeadResults({ inclRemainder: true, position: -1 })
const lens = await cache.logitLens({ position: -1 })
console.log(heads.labels.length, lens.labels.join(' '))
// prints: 25 0_pre 1_pre 2_pre 3_pre 4_pre 5_pre final_post
