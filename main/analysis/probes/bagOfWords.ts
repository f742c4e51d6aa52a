// Texts as weighted counts of their words.
// Owns: words, counts, and TF-IDF learnt from some of the texts. Not: what is predicted from them (rivals.ts).
// Method: scikit-learn's TfidfVectorizer with its defaults: two or more word characters, lower case, smooth idf, rows of length 1.
import { SparseMatrix } from './sparseMatrix.ts'

export interface BagOfWords {
  words: number
  /** Compressed rows, a text each. */
  starts: Uint32Array
  columns: Uint32Array
  counts: Float64Array
}

const WORD = /[\p{L}\p{N}_]{2,}/gu

export function bagOfWords(texts: readonly string[]): BagOfWords {
  const vocabulary = new Map<string, number>()
  const starts = new Uint32Array(texts.length + 1)
  const columns: number[] = []
  const counts: number[] = []
  texts.forEach((text, row) => {
    const own = new Map<number, number>()
    for (const [word] of text.toLowerCase().matchAll(WORD)) {
      let column = vocabulary.get(word)
      if (column === undefined) vocabulary.set(word, (column = vocabulary.size))
      own.set(column, (own.get(column) ?? 0) + 1)
    }
    for (const [column, count] of own) {
      columns.push(column)
      counts.push(count)
    }
    starts[row + 1] = columns.length
  })
  return {
    words: vocabulary.size,
    starts,
    columns: Uint32Array.from(columns),
    counts: Float64Array.from(counts),
  }
}

/** N×words. Words that none of `rows` has are left out, as if they had never been seen. */
export function tfidf({ words, starts, columns, counts }: BagOfWords, rows: ArrayLike<number>): SparseMatrix {
  const documents = new Uint32Array(words)
  for (let r = 0; r < rows.length; r++)
    for (let i = starts[rows[r]]; i < starts[rows[r] + 1]; i++) documents[columns[i]]++
  const values = new Float64Array(counts.length)
  for (let row = 0; row + 1 < starts.length; row++) {
    let square = 0
    for (let i = starts[row]; i < starts[row + 1]; i++) {
      const seen = documents[columns[i]]
      values[i] = seen === 0 ? 0 : counts[i] * (Math.log((1 + rows.length) / (1 + seen)) + 1)
      square += values[i] ** 2
    }
    if (square > 0) for (let i = starts[row]; i < starts[row + 1]; i++) values[i] /= Math.sqrt(square)
  }
  // A text without any word would make an empty matrix of no width.
  return new SparseMatrix(Math.max(1, words), starts, columns, values)
}
