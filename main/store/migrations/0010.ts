// Schema 10: studies, each a plan and how far its stages are.
// Never edited once released: later versions add files beside this one. What each table is for: docs/store.md.

export const migration0010 = `
CREATE TABLE studies (
  study INTEGER PRIMARY KEY AUTOINCREMENT, -- shown as y1, y2, …
  name TEXT NOT NULL,
  created_at TEXT NOT NULL,
  status TEXT NOT NULL,
  plan TEXT NOT NULL,
  switches TEXT NOT NULL,
  stages TEXT NOT NULL               -- with the ids of what came of them
) STRICT;
`
