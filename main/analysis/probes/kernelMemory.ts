// The memory in which matrices lie for the probe kernels.
// Owns: loading the WebAssembly module, handing out room and taking it back, and the largest size. Not: layouts (denseMatrix.ts).
// One for each thread of work: room is given back in the reverse order, as a stack.
import { errors } from '../../contract/errors.ts'
import { kernelBytes } from './kernelBytes.ts'

/** x, bytes from row to row, rows, pairs of columns, then the two other operands: see scripts/probeKernels.ts. */
type Kernel = (
  x: number,
  rowBytes: number,
  rows: number,
  pairs: number,
  first: number,
  second: number,
) => void
export type KernelName = `${'project' | 'gather'}${4 | 1}${'f32' | 'f64'}`

interface WasmMemory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}
/** The part of the global that is used; neither the ES nor Node's typings have it. */
declare const WebAssembly: {
  Memory: new (size: { initial: number; maximum: number }) => WasmMemory
  Module: new (bytes: Uint8Array) => object
  Instance: new (
    module: object,
    imports: { probe: { memory: WasmMemory } },
  ) => { exports: Record<KernelName, Kernel> }
}

const PAGE = 65_536
const MAXIMUM_PAGES = 65_536
let compiled: object | null = null

export class KernelMemory {
  readonly kernels: Record<KernelName, Kernel>
  readonly #memory: WasmMemory
  #used = 0

  constructor() {
    this.#memory = new WebAssembly.Memory({ initial: 1, maximum: MAXIMUM_PAGES })
    compiled ??= new WebAssembly.Module(Buffer.from(kernelBytes, 'base64'))
    this.kernels = new WebAssembly.Instance(compiled, { probe: { memory: this.#memory } }).exports
  }

  /**
   * Room for so many bytes, at a multiple of 16; what lies there is of no value.
   * @throws probeTooLarge beyond 4 GB
   */
  reserve(bytes: number): number {
    const at = this.#used
    const end = at + Math.ceil(bytes / 16) * 16
    const missing = Math.ceil((end - this.#memory.buffer.byteLength) / PAGE)
    if (missing > 0) {
      if (end > MAXIMUM_PAGES * PAGE) throw errors.probeTooLarge({ bytes: end })
      try {
        this.#memory.grow(missing)
      } catch {
        throw errors.probeTooLarge({ bytes: end })
      }
    }
    this.#used = end
    return at
  }

  /** Takes back everything that was reserved from `at` on. */
  release(at: number): void {
    this.#used = at
  }

  /** A view that holds until the next `reserve`. */
  doubles(at: number, length: number): Float64Array {
    return new Float64Array(this.#memory.buffer, at, length)
  }

  /** A view that holds until the next `reserve`. */
  floats(at: number, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, at, length)
  }
}
