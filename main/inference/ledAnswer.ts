// An answer that another request reads along: what the model makes of the same tokens under other interventions.
// Owns: handing tokens and logits from the request that leads to the one that follows. Not: drawing tokens (sampling.ts) or passes (scheduler.ts).
import { divergence } from '../analysis/divergence.ts'

interface Drawn {
  id: number
  /** V values that it was drawn from; null once they have been compared. */
  logits: Float32Array | null
}

export class LedAnswer {
  private readonly drawn: Drawn[] = []
  /** Why no more tokens come, although the answer has not ended. */
  failure: Error | null = null

  /** A leader that begins again says the same once more. */
  add(index: number, id: number, logits: Float32Array): void {
    this.drawn[index] = { id, logits: logits.slice() }
  }

  /** Null where it has not been drawn yet. */
  idAt(index: number): number | null {
    return this.drawn[index]?.id ?? null
  }

  /** KL(leader ‖ follower) in nats where the token was drawn; null where it was asked before. @param logits  V values of the follower */
  divergenceAt(index: number, logits: Float32Array): number | null {
    const drawn = this.drawn[index]
    if (!drawn?.logits) return null
    const found = divergence(drawn.logits, logits)
    drawn.logits = null
    return found
  }
}
