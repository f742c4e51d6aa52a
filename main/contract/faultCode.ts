// Codes of the faults that the system, Node and SQLite report.
// Owns: reading a fault's code, and the one list of those that mean a full disk or a place that cannot be written. Not: which error of the catalogue that is (the room that wrote).

/** `ENOSPC`, `SQLITE_FULL`, …; empty where the fault carries none. */
export const codeOf = (fault: unknown): string =>
  fault instanceof Error && 'code' in fault && typeof fault.code === 'string' ? fault.code : ''

export const fullDiskCodes: readonly string[] = ['ENOSPC', 'EDQUOT']

/** Missing, forbidden, read-only, or of another kind than was expected. */
export const unwritableCodes: readonly string[] = [
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOENT',
  'ENOTDIR',
  'EISDIR',
  'EEXIST',
  'ELOOP',
  'ENAMETOOLONG',
]
