// Schema 4: data sets, labels given by hand, probes.
// Never edited once released: later versions add files beside this one. What each table is for: docs/store.md.

export const migration0004 = `
CREATE TABLE data_sets (
  data_set INTEGER PRIMARY KEY AUTOINCREMENT, -- shown as d1, d2, …; never given again
  name TEXT NOT NULL,
  created_at TEXT NOT NULL,
  recipe TEXT NOT NULL,
  summary TEXT NOT NULL              -- hash, counts, widths, models
) STRICT;

-- No reference to steps: a run may be deleted, and what was learnt from it still names its steps.
CREATE TABLE data_set_rows (
  data_set INTEGER NOT NULL REFERENCES data_sets ON DELETE CASCADE,
  row INTEGER NOT NULL,
  run INTEGER NOT NULL,
  episode INTEGER NOT NULL,
  step INTEGER NOT NULL,
  label INTEGER NOT NULL,            -- index of the class
  PRIMARY KEY (data_set, row)
) STRICT, WITHOUT ROWID;

CREATE TABLE hand_labels (
  run INTEGER NOT NULL,
  episode INTEGER NOT NULL,
  step INTEGER NOT NULL,
  name TEXT NOT NULL,                -- of the label set
  label TEXT NOT NULL,               -- the class
  PRIMARY KEY (run, episode, step, name),
  FOREIGN KEY (run, episode, step) REFERENCES steps (run, episode, step) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE probes (
  probe INTEGER PRIMARY KEY AUTOINCREMENT, -- shown as p1, p2, …; never given again
  name TEXT NOT NULL,
  created_at TEXT NOT NULL,
  status TEXT NOT NULL,
  settings TEXT NOT NULL,
  recipe TEXT NOT NULL,              -- of its data set, which may be removed
  models TEXT NOT NULL,
  summary TEXT,                      -- of the document, for lists
  document TEXT,
  error TEXT
) STRICT;

-- Cells of a sweep as they are done: an interrupted one goes on with the others.
CREATE TABLE probe_cells (
  probe INTEGER NOT NULL REFERENCES probes ON DELETE CASCADE,
  layer INTEGER NOT NULL,
  pooling TEXT NOT NULL,
  cell TEXT NOT NULL,
  PRIMARY KEY (probe, layer, pooling)
) STRICT, WITHOUT ROWID;
`
