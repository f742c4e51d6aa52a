// Twenty Questions: the agent asks, an oracle answers about a hidden object.
// Owns: what the agent reads, when it wins, rewards and labels. Not: how a question is answered (the oracles).
// Source: the ARES project's twenty_questions environment; where we differ by default is said in docs/environments.md.
import * as z from 'zod'
import { errors } from '../contract/errors.ts'
import type { ChatMessage, EnvironmentSettings } from '../contract/runs.ts'
import type {
  AgentMessage,
  Environment,
  EnvironmentState,
  Judgement,
  Labels,
  Oracle,
  StepContext,
  Transition,
} from './environment.ts'
import { select } from './selection.ts'
import { taskOrder } from './taskOrder.ts'
import { namesAsSubstring, namesAsWholeWord } from './winRule.ts'

export type TwentyQuestionsSettings = Extract<EnvironmentSettings, { name: 'twenty_questions' }>

const stateSchema = z.object({
  task: z.string(),
  turns: z.array(z.object({ question: z.string(), answer: z.string() })),
  outcome: z.enum(['running', 'win', 'limit']),
})
type State = z.infer<typeof stateSchema>

const answerOf = { yes: 'Yes.', no: 'No.', invalid: 'Invalid Question.' } as const
const winAnswer = 'Yes! You guessed correctly!'

/** The first observation, word for word upstream's: results of both are laid side by side. */
const instructions = (maxSteps: number): string =>
  `Let's play Twenty Questions! I'm thinking of an object. You have ${maxSteps} questions to guess what it is. ` +
  `Ask yes/no questions to narrow down the possibilities. When you think you know the answer, ask 'Is it [object]?'`

/**
 * The environment over the given objects.
 * @param objects names of the list that `settings.objects` stands for, in its order
 * @throws selection_empty, selection_invalid by `settings.selection`; objects_unknown where the oracle cannot answer for one
 */
export function twentyQuestions(
  settings: TwentyQuestionsSettings,
  oracle: Oracle,
  objects: readonly string[],
): Environment {
  const selected = select(objects, settings.selection)
  const unknown = oracle.unknownTasks?.(selected) ?? []
  if (unknown.length > 0) throw errors.objectsUnknown({ objects: unknown })
  const named = settings.winRule === 'substring' ? namesAsSubstring : namesAsWholeWord

  /** The message as it enters the history and reaches the oracle. */
  const questionOf = (message: AgentMessage): string =>
    (settings.stopTokenInHistory ? message.text + message.stopText : message.text).trim()

  const content = (state: State, dropTurns: number): string => {
    const lines = state.turns
      .map((turn, i) => `Q${i + 1}: ${turn.question}\nA: ${turn.answer}`)
      .slice(dropTurns)
    const opening = settings.protocol === 'keep-instructions' || lines.length === 0
    const parts = opening ? [instructions(settings.maxSteps)] : []
    if (lines.length > 0) parts.push(lines.join('\n'))
    if (state.outcome === 'win') parts.push(`You win! The object was ${state.task}.`)
    if (state.outcome === 'limit') parts.push(`You've run out of questions! The object was ${state.task}.`)
    return parts.join('\n\n')
  }

  async function step(
    given: EnvironmentState,
    message: AgentMessage,
    context: StepContext,
  ): Promise<Transition> {
    const state = stateSchema.parse(given)
    if (state.outcome !== 'running') throw new TypeError(`the episode has ended (${state.outcome})`)
    const question = questionOf(message)
    const isWin = named(question, state.task)
    const judgement: Judgement = isWin
      ? { verdict: 'yes', confidence: 1, reason: 'The message names the object; the oracle was not asked.' }
      : await oracle.judge(
          {
            runId: context.runId,
            episode: context.episode,
            step: context.step,
            task: state.task,
            message: question,
            history: state.turns,
          },
          context.signal,
        )
    const answer = isWin ? winAnswer : answerOf[judgement.verdict]
    const turns = [...state.turns, { question, answer }]
    const outcome = isWin ? 'win' : turns.length >= settings.maxSteps ? 'limit' : 'running'
    return {
      state: { ...state, turns, outcome },
      answer,
      isInvalid: judgement.verdict === 'invalid',
      isWin,
      reward: isWin ? 0 : -1,
      outcome,
      labels: labelsOf(question, state.turns),
      judgement,
    }
  }

  return {
    name: settings.name,
    version: '1',
    maxSteps: settings.maxSteps,
    taskOf: taskOrder(selected),
    reset: (task) => ({ task, turns: [], outcome: 'running' }) satisfies State,
    turns: (state) => stateSchema.parse(state).turns.length,
    observe(given, dropTurns) {
      const state = stateSchema.parse(given)
      if (!Number.isInteger(dropTurns) || dropTurns < 0 || dropTurns > state.turns.length) {
        throw new TypeError(`${dropTurns} of ${state.turns.length} turns cannot be dropped`)
      }
      const chat: ChatMessage[] = [{ role: 'user', content: content(state, dropTurns) }]
      return settings.systemPrompt === ''
        ? chat
        : [{ role: 'system', content: settings.systemPrompt }, ...chat]
    },
    step,
  }
}

/** Properties of the words alone, so that a probe's figure can be laid beside what they predict by themselves. */
function labelsOf(question: string, earlier: State['turns']): Labels {
  const words = question.split(/\s+/).filter((word) => word !== '')
  const same = (text: string): string =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .trim()
  return {
    hasQuestionMark: question.includes('?'),
    questionMarks: question.split('?').length - 1,
    words: words.length,
    characters: question.length,
    repeatsEarlier: earlier.some((turn) => same(turn.question) === same(question)),
    afterInvalid: earlier.length > 0 && earlier.at(-1)?.answer === answerOf.invalid,
  }
}
