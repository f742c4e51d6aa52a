// Schema 9: a sweep has each of its conditions once.
// Never edited once released: later versions add files beside this one. What each table is for: docs/store.md.

export const migration0009 = `
-- Two windows could once add the same condition twice. The later one is kept, as a cell of its own.
UPDATE sweep_conditions AS later
SET condition = json_set(
  condition,
  '$.id', (condition ->> '$.id') || ' · played again as r' || run,
  '$.title', (condition ->> '$.title') || ', played again',
  '$.cell', (condition ->> '$.cell') || ' · played again as r' || run
)
WHERE EXISTS (
  SELECT 1 FROM sweep_conditions AS first
  WHERE first.sweep = later.sweep AND first.run < later.run
    AND first.condition ->> '$.id' = later.condition ->> '$.id'
);

CREATE UNIQUE INDEX sweep_condition_ids ON sweep_conditions (sweep, condition ->> '$.id');
`
