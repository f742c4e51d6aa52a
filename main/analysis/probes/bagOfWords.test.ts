import { expect, it } from 'vitest'
import { bagOfWords, tfidf } from './bagOfWords.ts'

const texts = [
  'Is it a living thing?',
  'Is it alive, is it?',
  '42 things_here é à ça',
  'is it a thing',
  'unknown it',
]

/** One column of the matrix for all rows. */
function column(word: string, learnt: number[]): number[] {
  const matrix = tfidf(bagOfWords([...texts, word]), learnt)
  const words = bagOfWords([...texts, word])
  const product = [new Float64Array(matrix.rows)]
  const unit = new Float64Array(matrix.width)
  unit[words.columns[words.starts[texts.length]]] = 1
  matrix.project([unit], product)
  return [...product[0].subarray(0, texts.length)]
}

// scikit-learn 1.9.1: TfidfVectorizer().fit(texts[:3]).transform(texts)
it.each([
  ['is', [0.4280460350631185, 0.6412065144106713, 0, 0.5178561161676974, 0]],
  ['thing', [0.5628290964997665, 0, 0, 0.680918560398684, 0]],
  ['ça', [0, 0, 0.5773502691896257, 0, 0]],
  ['it', [0.4280460350631185, 0.6412065144106713, 0, 0.5178561161676974, 1]],
])('“%s” weighs what scikit-learn gives it', (word, weights) => {
  column(word, [0, 1, 2]).forEach((weight, row) => expect(weight).toBeCloseTo(weights[row], 14))
})

it('a word that no text to learn from has weighs nothing', () => {
  expect(column('unknown', [0, 1, 2])).toEqual([0, 0, 0, 0, 0])
})

it('texts without words make an empty row, and no words at all a bag without any', () => {
  expect(bagOfWords(['', '? !', 'a']).words).toBe(0)
})
