// The environments that ship with Innerview, ready to be played by a program.
// Owns: settings with their defaults, and the oracle behind them. Not: their rules (environments/).
import type * as z from 'zod'
import { environmentSettings, oracleSettings } from '../contract/runs.ts'
import { createEnvironment } from '../environments/createEnvironment.ts'
import type { Environment, Oracle } from '../environments/environment.ts'
import { readKey } from '../environments/keyStore.ts'
import { loadKnowledge } from '../environments/knowledge.ts'
import { knowledgeBaseOracle } from '../environments/knowledgeBaseOracle.ts'
import { openAiOracle } from '../environments/openAiOracle.ts'
import { resourcesFolder } from '../resourcesFolder.ts'
import { checkSettings } from './settings.ts'

/** What `kb` and `openai` may be told, or an oracle of one's own. */
export type OracleChoice = Exclude<z.input<typeof oracleSettings>, { kind: 'human' }> | Oracle

/**
 * Twenty Questions or Number Hunt.
 * @param settings  as in docs/environments.md, for instance `{ name: 'twenty_questions', maxSteps: 5 }`; what is left out has its default
 * @param oracle  who answers in Twenty Questions; the knowledge base where left out
 * @throws invalid_input, selection_invalid, selection_empty, objects_unknown, resource_invalid
 */
export function openEnvironment(
  settings: z.input<typeof environmentSettings>,
  oracle: OracleChoice = { kind: 'kb' },
): Environment {
  const knowledge = () => loadKnowledge(resourcesFolder())
  return createEnvironment(checkSettings(environmentSettings, settings), {
    oracle: settings.name === 'number_hunt' ? null : oracleOf(oracle, knowledge),
    knowledge,
  })
}

function oracleOf(choice: OracleChoice, knowledge: () => ReturnType<typeof loadKnowledge>): Oracle {
  if (!('kind' in choice)) return choice
  const settings = checkSettings(oracleSettings, choice)
  if (settings.kind === 'kb') return knowledgeBaseOracle(knowledge(), settings.strictness)
  if (settings.kind === 'openai') return openAiOracle(settings, { readKey })
  throw new TypeError('an oracle of kind “human” needs somebody to ask; write one with `judge`')
}
