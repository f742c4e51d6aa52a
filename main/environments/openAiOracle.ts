// A language model behind an OpenAI-compatible endpoint as oracle: OpenAI, Ollama, vLLM, LM Studio.
// Owns: request, retries and reading the answer. Not: where the key is kept (keyStore.ts).
// Source: the ARES project's oracle: one user message, temperature 0, the history not shown.
import * as z from 'zod'
import { errors } from '../contract/errors.ts'
import type { OracleSettings } from '../contract/runs.ts'
import type { Judgement, JudgeQuestion, Oracle } from './environment.ts'
import { PassingFailure, withRetries } from './retry.ts'
import { seededGenerator } from '../analysis/seededGenerator.ts'

export type OpenAiSettings = Extract<OracleSettings, { kind: 'openai' }>

export interface OpenAiSources {
  /** The key for an endpoint; null where it needs none. */
  readKey: (baseUrl: string) => Promise<string | null>
  /** First wait before another try; the tests shorten it. */
  firstWaitMs?: number
}

const longestWaitMs = 60_000

const completion = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string().nullable() }) })).min(1),
})

/** The task as upstream puts it to its oracle: same rules, same inputs, same three answers. */
function prompt(object: string, message: string): string {
  return (
    'We are playing twenty questions. You know a hidden word, and I try to find it out within twenty questions. ' +
    'My message may hold other text beside the question, such as reasoning or comments. ' +
    'Find the yes/no question in the message and answer it. If there is a valid yes/no question in it, ' +
    'whatever text surrounds it, answer that question with either "Yes." or "No.". ' +
    'Answer "Invalid Question." only if the message has no yes/no question in it at all. ' +
    `The hidden word is "${object}", and my message in this round is: "${message}". Your answer is:`
  )
}

/**
 * The verdict that a model's answer starts with; null where it is none.
 * `Yes.`, `**No**`, `"Invalid question"`, `Answer: yes, it is` are verdicts; `Yes and no`, `I am not sure` are not.
 */
export function verdictIn(answer: string): Judgement['verdict'] | null {
  const text = answer
    .replace(/<think>[\s\S]*?<\/think>/gi, '')
    .toLowerCase()
    .replace(/[^a-z]+/g, ' ')
    .trim()
    .replace(/^(?:(?:my|the|your) )?(?:answer|response|verdict)(?: is)? /, '')
  if (/^yes and no\b|^yes or no\b|^yes no\b|^no yes\b/.test(text)) return null
  if (/^invalid(?: question)?\b/.test(text)) return 'invalid'
  const first = /^(yes|no)\b/.exec(text)?.[1]
  return first === 'yes' || first === 'no' ? first : null
}

/** An oracle at `settings.baseUrl`. Waits and tries again where the server is busy, slow or gone for a moment. */
export function openAiOracle(settings: OpenAiSettings, sources: OpenAiSources): Oracle {
  const { baseUrl, model } = settings
  const url = `${baseUrl.replace(/\/+$/, '')}/chat/completions`
  const unreachable = (reason: string, cause?: unknown) =>
    errors.oracleUnreachable({ baseUrl, reason }, cause)

  async function ask(content: string, key: string | null, signal: AbortSignal): Promise<string> {
    const timeout = AbortSignal.timeout(settings.timeoutMs)
    const failed = (error: unknown): never => {
      signal.throwIfAborted()
      const reason = timeout.aborted ? `no answer within ${settings.timeoutMs} ms` : reasonOf(error)
      throw new PassingFailure(reason, null, error)
    }
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify({ model, temperature: 0, messages: [{ role: 'user', content }] }),
      signal: AbortSignal.any([signal, timeout]),
      redirect: 'error', // the key must not follow a redirection
    }).catch(failed)
    const body = await response.text().catch(failed)
    if (!response.ok) throw refusal(response, body)
    return contentOf(body)
  }

  function refusal(response: Response, body: string): Error {
    const { status } = response
    const reason = saidIn(body) ?? (response.statusText || 'no reason given')
    if (status === 408 || status === 409 || status === 429 || status >= 500) {
      return new PassingFailure(`status ${status}: ${reason}`, waitAsked(response.headers.get('retry-after')))
    }
    return errors.oracleRefused({ baseUrl, status, reason })
  }

  function contentOf(body: string): string {
    const parsed = completion.safeParse(jsonOf(body))
    const content = parsed.data?.choices[0]?.message.content
    if (typeof content !== 'string') throw errors.oracleNonsense({ answer: body })
    return content
  }

  return {
    description: `${model} at ${new URL(baseUrl).host}`,
    async judge(question: JudgeQuestion, signal: AbortSignal): Promise<Judgement> {
      signal.throwIfAborted()
      const key = await sources.readKey(baseUrl)
      const content = prompt(question.task, question.message)
      const options = {
        retries: settings.retries,
        firstWaitMs: sources.firstWaitMs ?? 500,
        longestWaitMs,
        random: seededGenerator(`${question.runId}/${question.episode}/${question.step}/retry`),
        signal,
      }
      const request = (): Promise<string> =>
        withRetries(() => ask(content, key, signal), options).catch((error: unknown) => {
          if (error instanceof PassingFailure) throw unreachable(error.message, error)
          throw error
        })
      let answer = await request()
      // Even at temperature 0 an endpoint may answer otherwise the second time.
      if (verdictIn(answer) === null) answer = await request()
      const verdict = verdictIn(answer)
      if (verdict === null) throw errors.oracleNonsense({ answer })
      return { verdict, confidence: null, reason: `${model} answered “${answer.trim().slice(0, 200)}”.` }
    },
  }
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body) as unknown
  } catch {
    return null
  }
}

/** The message in an error body of OpenAI's or Ollama's form, else its first line. */
function saidIn(body: string): string | null {
  const shape = z.object({ error: z.union([z.string(), z.object({ message: z.string() })]) })
  const parsed = shape.safeParse(jsonOf(body))
  const said = parsed.success
    ? typeof parsed.data.error === 'string'
      ? parsed.data.error
      : parsed.data.error.message
    : body.trim().split('\n', 1)[0]
  return said === undefined || said === '' ? null : said.slice(0, 300)
}

/** Milliseconds of a Retry-After header: seconds or a date; null where there is none. */
function waitAsked(header: string | null): number | null {
  if (header === null || header.trim() === '') return null
  const seconds = Number(header)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
  const date = Date.parse(header)
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now())
}

/** fetch hides the cause (`ECONNREFUSED`) behind `fetch failed`. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error ? `${error.message}: ${cause.message || cause.name}` : error.message
}
