// What the parts of `npm run bench` write into a folder of results, as far as aims and figures read it.
import { join } from 'node:path'
import type { SettingRecord } from './cells.ts'
import type { MachineRecord } from './limits.ts'
import { readRecords } from './records.ts'

export interface CollectResult {
  innerview: { model: string; steps: number; coreSecondsPer1000Steps: number }
  peers: Record<string, { coreSecondsPer1000Steps: number }>
}

export interface SweepResult {
  model: string
  steps: number
  sweepCoreSeconds: number
  collectsCoreSeconds: number
  coreRatio: number
}

export interface HooksResult {
  model: string
  pairs: { way: string; ratio: number; spread: number }[]
}

export interface LoadResult {
  model: string
  found: Record<string, { loadWallSeconds: number; loadedBytes: number; peakBytes: number }>
}

export interface Results {
  speed: SettingRecord[]
  collect: CollectResult[]
  sweep: SweepResult[]
  hooks: HooksResult[]
  load: LoadResult[]
  machine: MachineRecord[]
}

/** Everything there is in a folder; a part that has not been measured has no records. */
export async function readResults(folder: string): Promise<Results> {
  const of = <T>(part: keyof Results): Promise<T[]> => readRecords<T>(join(folder, `${part}.json`))
  return {
    speed: await of<SettingRecord>('speed'),
    collect: await of<CollectResult>('collect'),
    sweep: await of<SweepResult>('sweep'),
    hooks: await of<HooksResult>('hooks'),
    load: await of<LoadResult>('load'),
    machine: await of<MachineRecord>('machine'),
  }
}
