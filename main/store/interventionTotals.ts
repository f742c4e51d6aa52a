// Sums over a run's steps, by intervention, kept up to date with every step.
// Owns: what each intervention of a run has met so far. Not: what a single step met (steps.ts) or what follows from it (jobs/).
import type { InterventionTotal, StepIntervention } from '../contract/runs.ts'
import type { Connection, Statement, Value } from './connection.ts'

export class InterventionTotals {
  private readonly upsert: Statement<Value[], unknown>
  private readonly select: Statement<[number], InterventionTotal>

  constructor(connection: Connection) {
    this.upsert = connection.prepare(
      `INSERT INTO intervention_totals (run, intervention, steps, tokens, open) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET steps = steps + excluded.steps, tokens = tokens + excluded.tokens,
         open = open + excluded.open`,
    )
    this.select = connection.prepare(
      `SELECT intervention AS "index", steps, tokens, open FROM intervention_totals
       WHERE run = ? ORDER BY intervention`,
    )
  }

  /** Counts one step, inside its transaction. */
  add(run: number, interventions: readonly StepIntervention[]): void {
    for (const { index, tokens, open } of interventions)
      this.upsert.run(run, index, Number(tokens > 0), tokens, open)
  }

  /** In the order of the run's list; those that no step was asked for are missing. */
  of(run: number): InterventionTotal[] {
    return this.select.all(run)
  }
}
