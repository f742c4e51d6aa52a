import { openModel, playEpisode, type Environment } from 'innerview'

/** The model is asked to say a word; it has three tries. */
const sayTheWord: Environment = {
  name: 'say_the_word',
  version: '1',
  maxSteps: 3,
  taskOf: (episode) => ['alive', 'small', 'red'][episode % 3],
  reset: (task) => ({ task, tries: [] }),
  turns: (state) => (state.tries as string[]).length,
  observe(state, dropTurns) {
    const tries = (state.tries as string[]).slice(dropTurns)
    const content = [`Ask whether it is ${String(state.task)}.`, ...tries].join('\n')
    return [{ role: 'user', content }]
  },
  step(state, message) {
    const tries = [...(state.tries as string[]), message.text]
    const isWin = message.text.includes(String(state.task))
    return Promise.resolve({
      state: { ...state, tries },
      answer: isWin ? 'Yes!' : 'Try again.',
      isInvalid: false,
      isWin,
      reward: isWin ? 0 : -1,
      outcome: isWin ? 'win' : tries.length === 3 ? 'limit' : 'running',
      labels: { tries: tries.length },
      judgement: { verdict: isWin ? 'yes' : 'no', confidence: 1, reason: 'looked for the word' },
    })
  },
}

await using model = await openModel('embedded')
const asked: number[] = []
const episode = await playEpisode(model, sayTheWord, {
  maxNewTokens: 12,
  // Asked before each step, with the environment's own state: name what is done in it, or nothing.
  async interventions({ step, state, promptIds }) {
    asked.push(step)
    if ((state.tries as string[]).length === 0 || promptIds.length < 4) return {}
    return {
      interventions: [{ kind: 'zeroAblate', hook: 'blocks.5.attn.hook_z', positions: 'lastPrompt' }],
      fwdHooks: [['blocks.0.hook_mlp_out', ({ data }) => data.map((value) => value * 0.9), 'prompt']],
    }
  },
})
console.log(episode.task, asked.length === episode.steps.length)
// prints: alive true
