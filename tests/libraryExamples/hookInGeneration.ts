import { openModel } from 'innerview'

await using model = await openModel('embedded')
const prompt = 'Q1: Is it alive?\nA: Yes.\n'

// Half of what the MLP of layer 3 says, at the prompt and at every token that the model writes.
const seen: string[] = []
const { completionIds } = await model.generate(prompt, {
  maxNewTokens: 4,
  fwdHooks: [
    [
      'blocks.3.hook_mlp_out',
      ({ data, phase, shape }) => {
        seen.push(`${phase} ${shape.join('×')}`)
        return data.map((value) => value / 2)
      },
      'both',
    ],
  ],
})
console.log(seen[0] === `prompt 1×${model.tokenizer.toTokens(prompt).length}×128`, seen[1])
// prints: true decode 1×1×128
console.log(seen.length === 1 + completionIds.length)
// prints: true
