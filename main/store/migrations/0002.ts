// Schema 2: a model's last check.
// Never edited once released: later versions add files beside this one. What each table is for: docs/store.md.

export const migration0002 = `
ALTER TABLE models ADD COLUMN last_check TEXT; -- NULL before any
`
