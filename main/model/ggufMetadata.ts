// Typed access to a GGUF file's metadata, which anybody may have written.
// Owns: checking kind and range of single values. Not: what they mean (ggufDecoder.ts).
import { errors } from '../contract/errors.ts'
import type { Gguf, GgufValue } from './gguf.ts'

export class GgufMetadata {
  private readonly gguf: Gguf

  constructor(gguf: Gguf) {
    this.gguf = gguf
  }

  private fault(key: string, wanted: string): Error {
    const found = this.gguf.metadata.get(key)
    const shown = found === undefined ? 'missing' : JSON.stringify(found).slice(0, 100)
    return errors.modelMalformed({ path: this.gguf.path, reason: `${key} is ${shown}, not ${wanted}` })
  }

  value(key: string): GgufValue | undefined {
    return this.gguf.metadata.get(key)
  }

  text(key: string): string | null {
    const value = this.value(key)
    if (value === undefined) return null
    if (typeof value !== 'string') throw this.fault(key, 'text')
    return value
  }

  /** A positive whole number, or null where the key is absent. */
  count(key: string): number | null {
    const value = this.value(key)
    if (value === undefined) return null
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 2 ** 24) {
      throw this.fault(key, 'a positive whole number')
    }
    return value
  }

  neededCount(key: string): number {
    const value = this.count(key)
    if (value === null) throw this.fault(key, 'a positive whole number')
    return value
  }

  /** As count; a list with one value per layer is accepted where all are equal. */
  perLayerCount(key: string): number | null {
    const value = this.value(key)
    if (!Array.isArray(value)) return this.count(key)
    const [first] = value
    if (typeof first !== 'number' || value.some((other) => other !== first)) {
      const reason = `${key} differs between layers`
      throw errors.modelUnsupported({ path: this.gguf.path, reason })
    }
    return first
  }

  neededPerLayerCount(key: string): number {
    const value = this.perLayerCount(key)
    if (value === null) throw this.fault(key, 'a positive whole number')
    return value
  }

  number(key: string): number | null {
    const value = this.value(key)
    if (value === undefined) return null
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.fault(key, 'a number')
    return value
  }

  positive(key: string): number | null {
    const value = this.number(key)
    if (value !== null && !(value > 0)) throw this.fault(key, 'a positive number')
    return value
  }

  flag(key: string): boolean | null {
    const value = this.value(key)
    if (value === undefined) return null
    if (typeof value !== 'boolean') throw this.fault(key, 'true or false')
    return value
  }
}
