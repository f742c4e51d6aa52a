// Schema 6: the labels of earlier steps, kept with the rows of a data set.
// Never edited once released: later versions add files beside this one. What each table is for: docs/store.md.

export const migration0006 = `
-- One byte for each earlier labelled step of the episode: the index of its class. NULL in data sets that are older than this column.
ALTER TABLE data_set_rows ADD COLUMN earlier BLOB;
`
