// The oracle that needs no network: questions answered from the knowledge base, always the same.
// Owns: the verdict on a message. Not: the facts (resources/twentyQuestions) or their look-up (understanding.ts).
import { errors } from '../contract/errors.ts'
import type { Judgement, JudgeQuestion, Oracle } from './environment.ts'
import type { Knowledge } from './knowledge.ts'
import { indexKnowledge, type KnowledgeIndex } from './knowledgeIndex.ts'
import { understand } from './understanding.ts'
import { findQuestions } from './yesNoQuestions.ts'

export type Strictness = 'lenient' | 'strict'

/** An oracle over the knowledge base. `lenient` answers the first yes/no question in a message; `strict` wants the message to be one. */
export function knowledgeBaseOracle(knowledge: Knowledge, strictness: Strictness): Oracle {
  const index = indexKnowledge(knowledge)
  return {
    description: `knowledge base ${knowledge.version} (${strictness})`,
    unknownTasks: (tasks) => tasks.filter((task) => index.objectNamed(task) === undefined),
    judge: async (question) => judge(question, strictness, index),
  }
}

function judge({ message, task }: JudgeQuestion, strictness: Strictness, index: KnowledgeIndex): Judgement {
  const object = index.objectNamed(task)
  if (object === undefined) throw errors.objectsUnknown({ objects: [task] })
  const { questions, isSingle } = findQuestions(message)
  const [first] = questions
  if (first === undefined) {
    const confidence = message.includes('?') ? 0.75 : 0.95
    return { verdict: 'invalid', confidence, reason: 'No yes/no question in the message.' }
  }
  if (strictness === 'strict' && !isSingle) {
    const reason = `Strict: the message is more than one yes/no question (it holds “${first.text}”).`
    return { verdict: 'invalid', confidence: 0.9, reason }
  }
  const { isYes, confidence, how } = understand(first.text, object, index)
  const asWhat = first.form === 'inverted' ? '' : ` (${first.form})`
  return {
    verdict: isYes ? 'yes' : 'no',
    confidence,
    reason: `Question: “${first.text}”${asWhat}. ${how[0]?.toUpperCase()}${how.slice(1)}.`,
  }
}
