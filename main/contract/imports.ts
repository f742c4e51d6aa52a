// What is brought into a workspace from other tools' files.
// Owns: what is asked for and what a run says of where it comes from. Not: the formats (imports/) or the runs (jobs/imports/).
import * as z from 'zod'
import { capturePositions } from './runs.ts'

export const importInput = z.object({
  /** A folder or a file on this computer; what it is, is found out. */
  path: z.string().min(1),
  /** Shown in lists; empty takes the folder's name. */
  name: z.string().max(200).default(''),
  /** `decision` keeps a thousandth of the bytes, and with it all poolings but the last k prompt tokens. */
  positions: capturePositions.default('all'),
})
export type ImportInput = z.infer<typeof importInput>
