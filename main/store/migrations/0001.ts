// Schema 1: models, runs, episodes, steps, activations.
// Never edited once released: later versions add files beside this one. What each table is for: docs/store.md.

export const migration0001 = `
CREATE TABLE models (
  id TEXT PRIMARY KEY,
  added_at TEXT NOT NULL,
  record TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  run INTEGER PRIMARY KEY AUTOINCREMENT, -- shown as r1, r2, …; a removed run's number is never given again
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  status TEXT NOT NULL,
  created_at TEXT NOT NULL,
  started_at TEXT,
  ended_at TEXT,
  seconds REAL NOT NULL DEFAULT 0,
  error TEXT,
  settings TEXT NOT NULL,
  manifest TEXT NOT NULL
) STRICT;

CREATE TABLE episodes (
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  episode INTEGER NOT NULL,
  task TEXT NOT NULL,
  outcome TEXT NOT NULL,
  steps INTEGER NOT NULL DEFAULT 0,
  invalid INTEGER NOT NULL DEFAULT 0,
  verdicts TEXT NOT NULL DEFAULT '',
  prompt_tokens INTEGER NOT NULL DEFAULT 0,
  new_tokens INTEGER NOT NULL DEFAULT 0,
  truncated_steps INTEGER NOT NULL DEFAULT 0,
  initial_state TEXT NOT NULL,
  PRIMARY KEY (run, episode)
) STRICT, WITHOUT ROWID;

CREATE TABLE steps (
  run INTEGER NOT NULL,
  episode INTEGER NOT NULL,
  step INTEGER NOT NULL,
  is_invalid INTEGER NOT NULL,
  is_win INTEGER NOT NULL,
  reward REAL NOT NULL,
  confidence REAL,
  finish TEXT NOT NULL,
  dropped_turns INTEGER NOT NULL,
  reused_tokens INTEGER NOT NULL,
  prefill_ms REAL NOT NULL,
  decode_ms REAL NOT NULL,
  oracle_ms REAL NOT NULL,
  answer TEXT NOT NULL,
  reason TEXT NOT NULL,
  labels TEXT NOT NULL,
  completion TEXT NOT NULL,
  prompt_ids BLOB NOT NULL,          -- int32
  completion_ids BLOB NOT NULL,      -- int32
  log_probabilities BLOB NOT NULL,   -- float32
  ranks BLOB NOT NULL,               -- int32
  entropies BLOB NOT NULL,           -- float32
  top_ids BLOB NOT NULL,             -- int32 [generated, 5]
  top_log_probabilities BLOB NOT NULL, -- float32 [generated, 5]
  captured_hooks TEXT NOT NULL,
  messages TEXT NOT NULL,
  state TEXT NOT NULL,               -- the environment's, after the step
  UNIQUE (run, episode, step),
  FOREIGN KEY (run, episode) REFERENCES episodes (run, episode) ON DELETE CASCADE
) STRICT;

-- Sums over the episodes of a run, by step index: progress and charts read these few rows and no step.
CREATE TABLE step_totals (
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  step INTEGER NOT NULL,
  n INTEGER NOT NULL,
  invalid INTEGER NOT NULL,
  wins INTEGER NOT NULL,             -- episodes that ended here as a win
  ended INTEGER NOT NULL,            -- episodes that ended here, however
  prompt_tokens INTEGER NOT NULL,
  new_tokens INTEGER NOT NULL,
  reused_tokens INTEGER NOT NULL,
  PRIMARY KEY (run, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE activations (
  run INTEGER NOT NULL,
  episode INTEGER NOT NULL,
  step INTEGER NOT NULL,
  hook TEXT NOT NULL,
  point TEXT NOT NULL,               -- lastPrompt, firstGenerated, meanPrompt, meanGenerated
  dtype TEXT NOT NULL,               -- float32, float16
  data BLOB NOT NULL,
  UNIQUE (run, episode, step, hook, point),
  FOREIGN KEY (run, episode, step) REFERENCES steps (run, episode, step) ON DELETE CASCADE
) STRICT;

CREATE TABLE shards (
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  shard INTEGER NOT NULL,
  data_bytes INTEGER NOT NULL,       -- committed; what lies behind is not part of the workspace
  sha256 TEXT,                       -- of the tensor bytes, once nothing will be appended
  PRIMARY KEY (run, shard)
) STRICT, WITHOUT ROWID;

CREATE TABLE segments (
  run INTEGER NOT NULL,
  episode INTEGER NOT NULL,
  step INTEGER NOT NULL,
  hook TEXT NOT NULL,
  shard INTEGER NOT NULL,
  byte_offset INTEGER NOT NULL,      -- from the start of the file
  first_position INTEGER NOT NULL,   -- positions before it lie in earlier steps of the episode
  positions INTEGER NOT NULL,
  width INTEGER NOT NULL,
  dtype TEXT NOT NULL,
  UNIQUE (run, episode, step, hook),
  FOREIGN KEY (run, episode, step) REFERENCES steps (run, episode, step) ON DELETE CASCADE,
  FOREIGN KEY (run, shard) REFERENCES shards (run, shard)
) STRICT;
CREATE INDEX segments_by_shard ON segments (run, shard);
`
