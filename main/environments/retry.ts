// Trying again what may succeed a moment later.
// Owns: how often and how long to wait. Not: which failures are worth it (the caller says).

/** A failure that may pass. */
export class PassingFailure extends Error {
  /** What the server asked us to wait; null where it said nothing. */
  readonly waitMs: number | null
  constructor(message: string, waitMs: number | null = null, cause?: unknown) {
    super(message, { cause })
    this.name = 'PassingFailure'
    this.waitMs = waitMs
  }
}

export interface RetryOptions {
  /** Further tries after the first. */
  retries: number
  firstWaitMs: number
  longestWaitMs: number
  /** Numbers in [0, 1): spreads clients that failed together. */
  random: () => number
  signal: AbortSignal
}

/**
 * The first result of `work` that is no PassingFailure; waits double from try to try, each by a factor of 0.5 … 1 at random.
 * @throws the last PassingFailure after all tries; any other error at once; the signal's reason when it is aborted.
 */
export async function withRetries<T>(
  work: (attempt: number) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    options.signal.throwIfAborted()
    try {
      return await work(attempt)
    } catch (error) {
      if (!(error instanceof PassingFailure) || attempt >= options.retries) throw error
      const backOff = options.firstWaitMs * 2 ** attempt * (0.5 + options.random() / 2)
      await pause(Math.min(options.longestWaitMs, Math.max(backOff, error.waitMs ?? 0)), options.signal)
    }
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal.reason as Error)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, milliseconds)
    signal.addEventListener('abort', stop, { once: true })
  })
}
