// Schema 3: what a run's interventions met; a model's checks in other dtypes than float32.
// Never edited once released: later versions add files beside this one. What each table is for: docs/store.md.

export const migration0003 = `
ALTER TABLE steps ADD COLUMN interventions TEXT NOT NULL DEFAULT '[]'; -- those of the run that were asked of the step, by index

-- Sums over the steps of a run, by place in its list of interventions.
CREATE TABLE intervention_totals (
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  intervention INTEGER NOT NULL,
  steps INTEGER NOT NULL,            -- in which it met a token
  tokens INTEGER NOT NULL,
  open INTEGER,                      -- NULL without a gate
  PRIMARY KEY (run, intervention)
) STRICT, WITHOUT ROWID;

ALTER TABLE models ADD COLUMN other_checks TEXT NOT NULL DEFAULT '[]'; -- the last in each dtype but float32
`
