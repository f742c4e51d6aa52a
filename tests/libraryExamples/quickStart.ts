import { openModel } from 'innerview'

// A Hugging Face folder, a GGUF file, or the small model that ships with Innerview.
await using model = await openModel('embedded')
console.log(model.shape.layers, model.shape.residualWidth)
// prints: 6 128

const chat = [{ role: 'user', content: 'Q1: Is it alive?\nA: Yes.' }] as const
const answer = await model.generate(chat, { maxNewTokens: 16, temperature: 0.7, seed: 1 })
console.log(answer.text.length > 0, answer.completionIds.length === answer.logProbabilities.length)
// prints: true true

// Calls that run at the same time form one batch. None changes another's result.
const seeds = [1, 2, 3, 4]
const answers = await Promise.all(seeds.map((seed) => model.generate(chat, { maxNewTokens: 16, seed })))
const alone = await model.generate(chat, { maxNewTokens: 16, seed: 3 })
console.log(alone.text === answers[2].text)
// prints: true
