// Schema 8: comparisons that were given a name.
// Never edited once released: later versions add files beside this one. What each table is for: docs/store.md.

export const migration0008 = `
CREATE TABLE comparisons (
  name TEXT PRIMARY KEY,
  saved_at TEXT NOT NULL,
  address TEXT NOT NULL              -- of the window: which runs, and what of them is looked at
) STRICT, WITHOUT ROWID;
`
