// Devices as text: what a check of one found, and what there is.
// Owns: lines and tables. Not: checking (jobs/devices/) or the command (modelsCommand.ts).
import type { DeviceCheck, DeviceChoice } from '../contract/devices.ts'
import type { CheckResult } from '../contract/models.ts'
import { table } from './output.ts'

export const checkTable = (results: readonly CheckResult[]): string =>
  table([
    ['', 'check', 'largest error', ''],
    ...results.map((result) => [
      result.passed ? 'ok' : 'FAILED',
      result.name,
      result.largestError === null ? '–' : result.largestError.toExponential(1),
      result.detail,
    ]),
  ])

/** Tokens per second as a person reads them. */
const rate = (perSecond: number): string => perSecond.toPrecision(3)

function speedText({ speed, device }: DeviceCheck): string {
  if (!speed) return 'speed not measured'
  const of = (part: 'prompt' | 'answer'): string =>
    `${part} ${rate(speed.device[part])} tokens/s (cpu ${rate(speed.cpu[part])})`
  return `${device}: ${of('prompt')}, ${of('answer')}, four rows at once`
}

export const deviceCheckText = (check: DeviceCheck): string =>
  [checkTable(check.results), speedText(check)].join('\n')

export const deviceTable = (choices: readonly DeviceChoice[]): string =>
  table([
    ['device', 'used', ''],
    ...choices.map(({ device, check, refusal }) => [
      device,
      refusal === null ? 'yes' : 'no',
      refusal ?? (check ? speedText(check) : 'needs no check'),
    ]),
  ])
