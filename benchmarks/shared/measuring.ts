// What every benchmark measures with: core-seconds, medians and their spread, and the name of the machine.
import { cpus } from 'node:os'

export interface Measured<T> {
  result: T
  wallSeconds: number
  /** Processor time of all threads of this process. */
  coreSeconds: number
}

export async function measured<T>(work: () => Promise<T>): Promise<Measured<T>> {
  const [started, cpu] = [performance.now(), process.cpuUsage()]
  const result = await work()
  return { result, wallSeconds: (performance.now() - started) / 1000, coreSeconds: coreSeconds(cpu) }
}

/** Processor time of this process, since a moment where one is given. */
export function coreSeconds(since?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1e6
}

/** The upper one of the two in the middle. */
export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

/** How far the values lie apart, as a part of their median. */
export const spread = (values: readonly number[]): number =>
  (Math.max(...values) - Math.min(...values)) / median(values)

export const deviceName = (): string => `${cpus()[0].model.trim()}, ${cpus().length} cores`

/** A number as people read it: three digits that count. */
export const rounded = (value: number): number =>
  Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3))
