// Times of a step: milliseconds until a second, then as everywhere.
import { digits, duration } from '../shared/format.ts'

export const latency = (milliseconds: number): string =>
  milliseconds < 999.5 ? `${digits(milliseconds)} ms` : duration(milliseconds / 1000)
