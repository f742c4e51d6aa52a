// Schema 7: what neutral prompts tell of a sweep's conditions, and searches for a direction that were cut short.
// Never edited once released: later versions add files beside this one. What each table is for: docs/store.md.

export const migration0007 = `
-- How far a condition moves what the model says to a prompt that has nothing to do with its episodes.
CREATE TABLE prompt_scores (
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  prompt TEXT NOT NULL,
  kind TEXT NOT NULL,                -- firstTokenKl
  value REAL,                        -- NULL where it is no number
  PRIMARY KEY (run, prompt, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE searches (
  search TEXT PRIMARY KEY,           -- SHA-256 of all that it depends on
  state TEXT NOT NULL                -- after its last generation
) STRICT, WITHOUT ROWID;
`
