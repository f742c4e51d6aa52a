// From a run's settings to its environment.
// Owns: the list of environments; a new one joins here (docs/environments.md). Not: any environment's rules.
import type { EnvironmentSettings } from '../contract/runs.ts'
import type { Environment, Oracle } from './environment.ts'
import { objectLists, type Knowledge } from './knowledge.ts'
import { numberHunt } from './numberHunt.ts'
import { twentyQuestions } from './twentyQuestions.ts'

/** What environments may draw on. */
export interface EnvironmentSources {
  /** May be null for an environment that asks none. */
  oracle: Oracle | null
  /** Read only by environments that need it. */
  knowledge: () => Knowledge
}

type Name = EnvironmentSettings['name']
type SettingsOf<N extends Name> = Extract<EnvironmentSettings, { name: N }>
type Makers = { [N in Name]: (settings: SettingsOf<N>, sources: EnvironmentSources) => Environment }

/** One entry for each environment of the contract; a missing one does not compile. */
const makers: Makers = {
  twenty_questions: (settings, { oracle, knowledge }) => {
    if (oracle === null) throw new TypeError('twenty_questions needs an oracle')
    const { objects } = settings
    return twentyQuestions(
      settings,
      oracle,
      typeof objects === 'string' ? objectLists(knowledge())[objects] : objects,
    )
  },
  number_hunt: (settings) => numberHunt(settings),
}

/**
 * The environment that the settings describe.
 * @throws selection_invalid, selection_empty by the selection; resource_invalid where the shipped objects cannot be read;
 *   objects_unknown where the oracle cannot answer for one of the user's own objects.
 */
export function createEnvironment(settings: EnvironmentSettings, sources: EnvironmentSources): Environment {
  const make = makers[settings.name] as (s: EnvironmentSettings, w: EnvironmentSources) => Environment // entry N takes settings N
  return make(settings, sources)
}
