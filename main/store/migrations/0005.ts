// Schema 5: vectors, sweeps, the runs that are conditions of a sweep, and what was scored of their steps.
// Never edited once released: later versions add files beside this one. What each table is for: docs/store.md.

export const migration0005 = `
CREATE TABLE vectors (
  vector INTEGER PRIMARY KEY AUTOINCREMENT, -- shown as v1, v2, …
  name TEXT NOT NULL,
  created_at TEXT NOT NULL,
  summary TEXT NOT NULL,
  documents TEXT NOT NULL,
  data BLOB NOT NULL,                -- float32 [rows, width]
  shuffled BLOB                      -- the same from shuffled labels; NULL where there are no labels
) STRICT;

CREATE TABLE sweeps (
  sweep INTEGER PRIMARY KEY AUTOINCREMENT, -- shown as s1, s2, …
  name TEXT NOT NULL,
  created_at TEXT NOT NULL,
  settings TEXT NOT NULL,
  error TEXT,                        -- of the last judgement
  verdict TEXT                       -- NULL until it is judged
) STRICT;

CREATE TABLE sweep_conditions (
  run INTEGER PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
  sweep INTEGER NOT NULL REFERENCES sweeps ON DELETE CASCADE,
  condition TEXT NOT NULL
) STRICT;
CREATE INDEX sweep_conditions_by_sweep ON sweep_conditions (sweep, run);

-- What a step's answer is worth to the model without interventions; computed after a sweep was played.
CREATE TABLE step_scores (
  run INTEGER NOT NULL,
  episode INTEGER NOT NULL,
  step INTEGER NOT NULL,
  kind TEXT NOT NULL,                -- perplexity, firstTokenKl
  value REAL,                        -- NULL where it is no number
  PRIMARY KEY (run, episode, step, kind),
  FOREIGN KEY (run, episode, step) REFERENCES steps (run, episode, step) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
`
