// The environment and oracle that a run's settings describe.
// Owns: bringing the two together. Not: making either (environments/, oracleDesk.ts).
import type { CollectSettings } from '../contract/runs.ts'
import { createEnvironment } from '../environments/createEnvironment.ts'
import type { Environment, Oracle } from '../environments/environment.ts'
import type { OracleDesk } from './oracleDesk.ts'

export interface World {
  environment: Environment
  /** Null where the environment asks none. */
  oracle: Oracle | null
}

/** @throws what createEnvironment throws */
export function worldOf(settings: CollectSettings, desk: OracleDesk): World {
  const usesOracle = settings.environment.name === 'twenty_questions'
  const oracle = usesOracle ? desk.create(settings.oracle) : null
  const knowledge = () => desk.knowledge()
  return { oracle, environment: createEnvironment(settings.environment, { oracle, knowledge }) }
}
