// What models compute on, on this machine.
// Owns: its name, for the window and for what a check holds for. Not: numerical settings, which the session makes (inference/).
import { cpus } from 'node:os'

/** Kind and name: bits of a result differ between processors with other vector instructions. */
export const deviceName = (): string => `cpu: ${cpus()[0]?.model.trim() || 'unknown'}`
