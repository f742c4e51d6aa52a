// Chat templates: messages to the text that a model was trained to answer.
// Owns: rendering a template that nobody vouches for within bounds, and the plain fallback. Not: tokens (tokenizer.ts).
// Settings as in transformers' `apply_chat_template` (trimmed blocks, `raise_exception`, `strftime_now`); the library
// differs from Jinja in how it writes a bare `{{ true }}`, `{{ none }}` or list, which no known template does.
import { Environment, Interpreter, parse, tokenize } from '@huggingface/jinja'
import type { ChatMessage } from '../contract/runs.ts'
import { errors } from '../contract/errors.ts'
import type { ChatTemplateSource } from './modelFiles.ts'

/**
 * The day that templates are told it is, so that a run repeats whenever it is made. It is also the day that Llama 3's
 * template falls back to where a renderer has no clock.
 */
export const templateDate = new Date(Date.UTC(2024, 6, 26))

const limits = {
  templateCharacters: 2 ** 20,
  /** Nodes visited, plus 1/16 of the elements and characters that they yield. A real template needs some thousands. */
  work: 4_000_000,
  /** Loops that do nothing visit no nodes. A real template takes milliseconds. */
  milliseconds: 4_000,
  /** Of any text or list on the way. */
  length: 2 ** 24,
}

export interface RenderOptions {
  /** Ends with the header of an assistant's answer; true unless set. */
  addGenerationPrompt?: boolean
  /** What `strftime_now` tells, in UTC; `templateDate` unless set. */
  date?: Date
}

export interface ChatTemplate {
  /** true: no template came with the model and messages become “User: …” lines. */
  readonly isFallback: boolean
  /**
   * The prompt's text. It holds its own beginning-of-text token where the model wants one: encode it with `special: false`.
   * Texts of control tokens inside a message's content are not escaped and do become control tokens, as in transformers.
   * @throws chatTemplateFailed where the template raises, does not end or yields far too much
   */
  render(messages: readonly ChatMessage[], options?: RenderOptions): string
}

/** @throws chatTemplateFailed where the template cannot be parsed */
export function openChatTemplate(source: ChatTemplateSource | null): ChatTemplate {
  if (!source) return { isFallback: true, render: renderPlainly }
  const { path } = source
  const program = withReason(path, () => {
    if (source.text.length > limits.templateCharacters)
      throw new Error(`${source.text.length} characters are too many`)
    return parse(tokenize(source.text, { lstrip_blocks: true, trim_blocks: true }))
  })
  return {
    isFallback: false,
    render: (messages, { addGenerationPrompt = true, date = templateDate } = {}) =>
      withReason(path, () => {
        const environment = templateEnvironment(date)
        environment.set(
          'messages',
          messages.map(({ role, content }) => ({ role, content })),
        )
        environment.set('add_generation_prompt', addGenerationPrompt)
        environment.set('bos_token', source.bosToken)
        environment.set('eos_token', source.eosToken)
        const text: unknown = new BoundedInterpreter(environment).run(program).value
        if (typeof text !== 'string') throw new Error('it yields no text')
        return text
      }),
  }
}

/**
 * What a user should know of a template, in sentences, found by trying it.
 */
export function chatTemplateNotes(source: ChatTemplateSource | null): string[] {
  if (!source) return ['It has no chat template: messages become plain “User: …” and “Assistant: …” lines.']
  const notes: string[] = []
  const fault = templateFault(source, [{ role: 'user', content: 'a' }])
  if (fault) notes.push(`Its chat template fails, so it cannot chat: ${fault}`)
  else if (
    templateFault(source, [
      { role: 'system', content: 'a' },
      { role: 'user', content: 'b' },
    ])
  ) {
    notes.push('Its chat template takes no system prompt.')
  }
  if (source.text.includes('strftime_now')) {
    notes.push('Its chat template writes a date; it is always told 26 July 2024, so that runs repeat.')
  }
  return notes
}

/** Why the template fails on these messages; null where it does not. */
function templateFault(source: ChatTemplateSource, messages: readonly ChatMessage[]): string | null {
  try {
    openChatTemplate(source).render(messages)
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const speakers = { system: 'System', user: 'User', assistant: 'Assistant' } as const

function renderPlainly(messages: readonly ChatMessage[], options: RenderOptions = {}): string {
  const lines = messages.map(({ role, content }) => `${speakers[role]}: ${content}\n`).join('')
  return (options.addGenerationPrompt ?? true) ? `${lines}Assistant:` : lines
}

function withReason<T>(path: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    // Whatever a template does wrong, the library throws plain errors; very deep nesting is a RangeError.
    const reason = error instanceof Error ? error.message : String(error)
    throw errors.chatTemplateFailed(
      { path, reason: reason.slice(0, 500) || 'it failed without a reason' },
      error,
    )
  }
}

/** Counts what a template does and ends it where that leaves every measure. */
class BoundedInterpreter extends Interpreter {
  private workLeft = limits.work
  private readonly deadline = performance.now() + limits.milliseconds

  override evaluate(...parameters: Parameters<Interpreter['evaluate']>): ReturnType<Interpreter['evaluate']> {
    const result = super.evaluate(...parameters)
    const { value } = result
    const length = typeof value === 'string' || Array.isArray(value) ? value.length : 0
    if (length > limits.length) throw new Error(`it makes a text or list of ${length} elements`)
    this.workLeft -= 1 + length / 16
    if (this.workLeft < 0 || performance.now() > this.deadline) throw new Error('it does not come to an end')
    return result
  }
}

function templateEnvironment(date: Date): Environment {
  const environment = new Environment()
  for (const name of ['true', 'True']) environment.set(name, true)
  for (const name of ['false', 'False']) environment.set(name, false)
  for (const name of ['none', 'None']) environment.set(name, null)
  environment.set('raise_exception', (message: unknown) => {
    throw new Error(String(message))
  })
  environment.set('range', boundedRange)
  environment.set('strftime_now', (format: unknown) => formatDate(date, String(format)))
  return environment
}

function boundedRange(first: unknown, second?: unknown, third?: unknown): number[] {
  const [start, stop, step] = typeof second === 'number' ? [first, second, third ?? 1] : [0, first, 1]
  if (typeof start !== 'number' || typeof stop !== 'number' || typeof step !== 'number' || step === 0) {
    throw new Error('range() takes whole numbers, and no step of zero')
  }
  const length = Math.max(0, Math.ceil((stop - start) / step))
  if (!(length <= 100_000)) throw new Error(`range() of ${length} elements`)
  return Array.from({ length }, (_, i) => start + i * step)
}

const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September']
months.push('October', 'November', 'December')
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/** Python's strftime in UTC and English, for the directives that templates use; others stay as they are. */
function formatDate(date: Date, format: string): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const month = months[date.getUTCMonth()]
  const day = days[date.getUTCDay()]
  const parts: Record<string, string> = {
    Y: String(date.getUTCFullYear()),
    y: two(date.getUTCFullYear() % 100),
    m: two(date.getUTCMonth() + 1),
    d: two(date.getUTCDate()),
    B: month,
    b: month.slice(0, 3),
    A: day,
    a: day.slice(0, 3),
    H: two(date.getUTCHours()),
    M: two(date.getUTCMinutes()),
    S: two(date.getUTCSeconds()),
    '%': '%',
  }
  return format.replace(/%([A-Za-z%])/g, (directive, letter: string) => parts[letter] ?? directive)
}
