// Entry of a process that tries a device: a driver that aborts takes this process along and no other.
// Owns: its side of the talk. Not: what is tried (deviceTrial.ts) or what is made of its end (deviceCheck.ts).
import { reportOf } from '../../contract/errors.ts'
import { deviceTrial, type TrialSettings } from './deviceTrial.ts'
import type { FromTrial } from './deviceCheck.ts'

if (!process.send) throw new TypeError('trialProcess is started by another process')
const send = (message: FromTrial): Promise<void> =>
  new Promise((resolve) => process.send!(message, undefined, undefined, () => resolve())) // asked for above

process.on('disconnect', () => process.exit(1)) // whoever asked is gone
process.once('message', (settings: TrialSettings) => {
  const tell = (progress: Extract<FromTrial, { kind: 'progress' }>['progress']): void =>
    void send({ kind: 'progress', progress })
  void deviceTrial(settings, tell, new AbortController().signal)
    .then(
      (findings) => send({ kind: 'found', findings }),
      (error: unknown) => send({ kind: 'failed', error: reportOf(error) }),
    )
    .then(() => process.exit(0))
})
