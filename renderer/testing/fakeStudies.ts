// Studies of an engine that is not there.
import { errors } from '../../main/contract/errors.ts'
import { stageNames, type StageName, type StudyPlan, type StudyRecord } from '../../main/contract/studies.ts'

const switches = {
  keepInstructions: true,
  wholeWordWins: true,
  cleanHistory: true,
  probeBeforeAnswer: true,
  samePrompt: true,
  pooledVector: true,
  controls: true,
}

export class FakeStudies {
  private readonly now: () => string
  private list: StudyRecord[] = []

  constructor(now: () => string) {
    this.now = now
  }

  all(): StudyRecord[] {
    return this.list
  }

  get(id: string): StudyRecord {
    const found = this.list.find((study) => study.id === id)
    if (!found) throw errors.notFound({ kind: 'study', id })
    return found
  }

  start(plan: StudyPlan): StudyRecord {
    const stages = stageNames.map((name, index) => ({
      name,
      status: index === 0 ? ('running' as const) : ('waiting' as const),
      ...{ id: null, seconds: 0, result: null, error: null },
    }))
    const study: StudyRecord = {
      id: `y${this.list.length + 1}`,
      name: plan.name || `Twenty Questions, ${plan.preset}`,
      createdAt: this.now(),
      status: 'running',
      ...{ plan, switches, stages },
    }
    this.list = [study, ...this.list]
    return study
  }

  put(id: string, change: Partial<StudyRecord>): StudyRecord {
    const study = { ...this.get(id), ...change }
    this.list = this.list.map((one) => (one.id === id ? study : one))
    return study
  }

  resume(id: string, from?: StageName): StudyRecord {
    const first = from === undefined ? stageNames.length : stageNames.indexOf(from)
    const stages = this.get(id).stages.map((stage, index) =>
      index < first ? stage : { ...stage, status: 'waiting' as const },
    )
    return this.put(id, { status: 'running', stages })
  }

  remove(id: string): void {
    this.list = this.list.filter((study) => study.id !== id)
  }
}
