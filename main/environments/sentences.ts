// A model's message taken apart into sentences.
// Owns: labels, lists, quotation marks, lead-in words and sentence ends. Not: whether a sentence is a question.

export interface Sentence {
  /** Without label, quotation marks, lead-in words and end mark. */
  text: string
  /** It ends in a question mark. */
  isAsked: boolean
  /** Words such as “Okay, so” stood before `text`. */
  hasLead: boolean
}

const auxiliaryStart =
  /^\s*(?:is|are|was|does|do|did|can|could|would|will|should|has|have|isn't|doesn't|don't|can't)\b/i
const listMark = /^\s*(?:[-*•>#+]+\s+|\(?\d{1,3}[.):]\s+|[a-h][.)]\s+)/i
const label =
  /^\s*(?:(?:q|question|guess|round|turn|step|attempt)\s*(?:no\.?|number|#)?\s*\d*\s*[:.)\-–]|(?:a|answer|guesser|player\s*\d*|me|user|assistant|ai|bot|system|host|oracle|guesser's question|(?:my|your|the)? ?(?:first|second|third|next|final|last|new)? ?(?:yes\/no )?(?:question|guess)(?: is)?(?: \d+)?)\s*:)\s*/i
const lead =
  /^(?:okay|ok|so|well|hm+|um+|uh|oh|ah|aha|hi|hello|hey|great|good|nice|cool|sure|certainly|alright|all right|right|now|then|and|but|or|first|firstly|second|secondly|third|next|finally|lastly|please|also|yes|no|yeah|yep|nope|thanks|thank you|interesting|perfect|fantastic|awesome|wait|excuse me|sorry|maybe|perhaps|let's see|let me (?:see|think|guess|try|ask)|let's start|i'll start|i'll (?:ask|guess)|i(?:'d| would) (?:ask|guess|say)|i(?:'d| would) like to ask|i (?:ask|guess|wonder|think)(?! (?:if|whether)\b)|here(?:'s| is) (?:my|a|the) (?:first |next |final )?(?:question|guess)|(?:my|the|a) (?:first|second|third|next|final|last)? ?(?:question|guess) (?:is|would be))(?=[\s,.:;!—–-])[\s,.:;!—–-]*/i

/** Sentences in order; empty for a message without words. */
export function sentencesOf(message: string): Sentence[] {
  return plain(message)
    .split('\n')
    .flatMap((line) => splitLine(withoutMarks(line)))
    .flatMap((piece) => {
      const isAsked = /\?["'”’)\]*\s.!]*$/.test(piece)
      const unmarked = withoutMarks(piece).replace(/[\s.?!,;:"'()[\]…]+$/g, '')
      const text = withoutLead(unmarked).trim()
      if (!/[\p{L}\p{N}]/u.test(unmarked)) return []
      return [{ text: text === '' ? unmarked : text, isAsked, hasLead: text !== unmarked.trim() }]
    })
}

/** One kind of quotation mark and dash, no emphasis, no control tokens, no code marks. */
function plain(message: string): string {
  const text = message
    .normalize('NFKC')
    .replace(/<\|[^|>]*\|>|<\/?s>/g, ' ')
    .replace(/[‘’ʼ`´]/g, "'")
    .replace(/[“”«»„]/g, '"')
    .replace(/\*+|_{2,}|~~/g, '')
    .replace(/\r/g, '')
  // A quoted question is a sentence of its own; other quotation marks only dress a word.
  return text
    .replace(/"([^"\n]+)"/g, (_, inner: string) => (auxiliaryStart.test(inner) ? `\n${inner}\n` : inner))
    .replace(
      /(^|[\s(:])'([^'\n]+(?:'(?:t|s|re|d|ll)\b[^'\n]*)*)'(?=[\s.,;:!?)]|$)/g,
      (_, start: string, inner: string) =>
        auxiliaryStart.test(inner) ? `${start}\n${inner}\n` : `${start}${inner}`,
    )
    .replace(/"/g, ' ')
}

/** Cut behind . ! ? where white space follows; a number's point and short forms such as “e.g.” do not end a sentence. */
function splitLine(line: string): string[] {
  return line
    .replace(/\b(e\.g|i\.e|etc|vs|mr|mrs|dr|st)\./gi, (found) => found.replaceAll('.', '\u0001'))
    .split(/(?<=[.!?]['")\]]*)\s+|(?<=\?)(?=[A-Z])|\s+(?=(?:Q|Question|A|Answer)\s?\d*:)/)
    .map((piece) => piece.replaceAll('\u0001', '.'))
}

function withoutMarks(text: string): string {
  let rest = text
  for (;;) {
    const shorter = rest
      .replace(listMark, '')
      .replace(label, '')
      .replace(/^[\s"'([\]]+/, '')
    if (shorter === rest) return rest
    rest = shorter
  }
}

function withoutLead(text: string): string {
  let rest = text
  for (;;) {
    const shorter = rest.replace(lead, '')
    if (shorter === rest || shorter === '') return rest
    rest = shorter
  }
}
