// The texts of a run's tokens, also when its model is gone.
// Owns: finding a tokeniser that is the run's own, and the stand-in where there is none. Not: decoding (model/tokenizer.ts).
import { AppError } from '../contract/errors.ts'
import type { ModelRecord } from '../contract/models.ts'
import type { RunRecord, TokenView } from '../contract/runs.ts'
import { hashTokenizer } from '../model/hashModel.ts'
import { openModelFiles } from '../model/openModelFiles.ts'
import { readTokenizer } from '../model/tokenizer.ts'

/** The text of each token within its sequence. Only a sequence's first token may show something else than elsewhere. */
export type TokenReader = (ids: Int32Array) => TokenView[]

export class TokenReaders {
  /** By the tokeniser's hash. */
  private readonly known = new Map<string, Promise<TokenReader | null>>()
  private readonly models: () => readonly ModelRecord[]

  /** @param models  the workspace's models as they are now */
  constructor(models: () => readonly ModelRecord[]) {
    this.models = models
  }

  /**
   * The reader of the tokeniser that the run used, from its own model or another one that has the same; where no file
   * holds it any more, ids stand in: stored episodes stay readable.
   */
  async of({ settings, manifest }: RunRecord): Promise<TokenReader> {
    const hash = manifest.tokenizerHash
    const reading = this.known.get(hash) ?? this.find(hash, settings.modelId)
    this.known.set(hash, reading)
    const reader = await reading
    if (!reader) this.known.delete(hash) // the files may be back the next time
    return reader ?? idReader
  }

  private async find(hash: string, modelId: string): Promise<TokenReader | null> {
    const models = this.models().filter((model) => model.tokenizerHash === hash)
    const ownFirst = [...models].sort((a, b) => Number(b.id === modelId) - Number(a.id === modelId))
    for (const { path } of ownFirst) {
      try {
        const files = await openModelFiles(path)
        if ((await hashTokenizer(files.tokenizer)) !== hash) continue
        const tokenizer = await readTokenizer(files)
        return (ids) => tokenizer.tokenViews(ids)
      } catch (error) {
        if (!(error instanceof AppError)) throw error
      }
    }
    return null
  }
}

const idReader: TokenReader = (ids) =>
  Array.from(ids, (id): TokenView => ({ id, text: id < 0 ? '·' : `⟨${id}⟩`, isSpecial: false }))
