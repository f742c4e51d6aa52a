// Python's pickles, read as data.
// Owns: the stack machine with the few opcodes that plain containers and torch's tensors need. Not: what a global or a persistent id stands for
// (torchFile.ts says that, and refuses all but a handful).
// Nothing is called here: a pickle names functions, and the reader's owner answers for each name or refuses it.
// Source: CPython, Lib/pickletools.py (opcodes of protocols 0 to 5).

/** What a pickle may say beyond plain values; each member refuses by throwing. */
export interface PickleGround {
  /** A function or class by module and name: what stands for it in `call`. */
  global(module: string, name: string): unknown
  call(callee: unknown, values: readonly unknown[]): unknown
  persistent(id: unknown): unknown
}

export interface PickleLimits {
  /** Opcodes. */
  operations: number
  /** Characters of one text. */
  text: number
}

/** Why a pickle is not read; the owner says of which file. */
export class PickleFault extends Error {}

const mark = Symbol('mark')

const decoder = new TextDecoder('utf-8', { fatal: true })
const asciiDecoder = new TextDecoder('latin1')

/**
 * The one value of a pickle: null, booleans, numbers, texts, arrays (of lists and tuples), Maps (of dictionaries), and what
 * the ground makes of the rest.
 * @throws PickleFault for any other opcode, for what is cut short or beyond the limits, and what the ground throws
 */
export function readPickle(bytes: Uint8Array, ground: PickleGround, limits: PickleLimits): unknown {
  return new Machine(bytes, ground, limits).run()
}

class Machine {
  private readonly bytes: Uint8Array
  private readonly view: DataView
  private readonly ground: PickleGround
  private readonly limits: PickleLimits
  private readonly stack: unknown[] = []
  private readonly memo = new Map<number, unknown>()
  private at = 0

  constructor(bytes: Uint8Array, ground: PickleGround, limits: PickleLimits) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.ground = ground
    this.limits = limits
  }

  run(): unknown {
    for (let count = 0; count < this.limits.operations; count++) {
      const opcode = this.byte()
      if (opcode === 0x2e) return this.result() // STOP
      const act = actions.get(opcode)
      if (!act)
        throw new PickleFault(`it uses the opcode 0x${opcode.toString(16)}, which plain data do not need`)
      act(this)
    }
    throw new PickleFault(`it has more than ${this.limits.operations} operations`)
  }

  private result(): unknown {
    const value = this.pop()
    if (this.stack.length > 0) throw new PickleFault('it leaves values behind')
    return value
  }

  private step(count: number): number {
    const from = this.at
    if (from + count > this.bytes.length) throw new PickleFault('it is cut short')
    this.at += count
    return from
  }

  byte(): number {
    return this.bytes[this.step(1)]
  }
  uint16(): number {
    return this.view.getUint16(this.step(2), true)
  }
  int32(): number {
    return this.view.getInt32(this.step(4), true)
  }
  uint32(): number {
    return this.view.getUint32(this.step(4), true)
  }
  /** Big-endian, unlike all else. */
  float(): number {
    return this.view.getFloat64(this.step(8), false)
  }

  text(length: number): string {
    if (length > this.limits.text) throw new PickleFault(`it has a text of ${length} bytes`)
    const from = this.step(length)
    try {
      return decoder.decode(this.bytes.subarray(from, from + length))
    } catch {
      throw new PickleFault('it has a text that is no UTF-8')
    }
  }

  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at)
    if (end < 0 || end - this.at > this.limits.text) throw new PickleFault('it is cut short')
    const line = asciiDecoder.decode(this.bytes.subarray(this.at, end))
    this.at = end + 1
    return line
  }

  /** A little-endian integer of so many bytes. */
  long(length: number): number {
    if (length > 8) throw new PickleFault(`it has an integer of ${length} bytes`)
    const from = this.step(length)
    let value = 0n
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[from + i])
    const signed = Number(BigInt.asIntN(length * 8, value))
    if (!Number.isSafeInteger(signed)) throw new PickleFault('it has an integer beyond 2⁵³')
    return signed
  }

  push(value: unknown): void {
    this.stack.push(value)
  }

  pop(): unknown {
    if (this.stack.length === 0) throw new PickleFault('its stack is empty where a value is needed')
    const value = this.stack.pop()
    if (value === mark) throw new PickleFault('a mark stands where a value is needed')
    return value
  }

  /** All since the last mark, which goes too. */
  popMarked(): unknown[] {
    const from = this.stack.lastIndexOf(mark)
    if (from < 0) throw new PickleFault('a mark is missing')
    const values = this.stack.splice(from)
    values.shift()
    return values
  }

  putMark(): void {
    this.stack.push(mark)
  }

  remember(place: number): void {
    const value = this.pop()
    this.memo.set(place, value)
    this.stack.push(value)
  }
  rememberNext(): void {
    this.remember(this.memo.size)
  }
  recall(place: number): void {
    if (!this.memo.has(place)) throw new PickleFault(`it recalls ${place}, which it has not kept`)
    this.stack.push(this.memo.get(place))
  }

  tuple(length: number): void {
    const values = Array.from({ length }, () => this.pop())
    this.push(values.reverse())
  }

  append(values: unknown[]): void {
    const list = this.pop()
    if (!Array.isArray(list)) throw new PickleFault('it appends to something that is no list')
    for (const value of values) list.push(value)
    this.push(list)
  }

  set(values: unknown[]): void {
    const record = this.pop()
    if (!(record instanceof Map)) throw new PickleFault('it sets an item of something that is no dictionary')
    if (values.length % 2 !== 0) throw new PickleFault('it has a key without a value')
    for (let i = 0; i < values.length; i += 2) {
      const key = values[i]
      if (typeof key !== 'string' && typeof key !== 'number')
        throw new PickleFault('a key is neither a text nor a number')
      record.set(String(key), values[i + 1])
    }
    this.push(record)
  }

  global(module: string, name: string): void {
    this.push(this.ground.global(module, name))
  }
  stackGlobal(): void {
    const [name, module] = [this.pop(), this.pop()]
    if (typeof name !== 'string' || typeof module !== 'string') throw new PickleFault('a global has no name')
    this.global(module, name)
  }
  call(): void {
    const [values, callee] = [this.pop(), this.pop()]
    if (!Array.isArray(values)) throw new PickleFault('a call has no arguments')
    this.push(this.ground.call(callee, values))
  }
  persistent(): void {
    this.push(this.ground.persistent(this.pop()))
  }
}

/** A version that is not known may mean other things by the same opcodes. */
function protocol(machine: Machine): void {
  const version = machine.byte()
  if (version > 5) throw new PickleFault(`it is of protocol ${version}`)
}

const actions = new Map<number, (machine: Machine) => void>([
  [0x80, protocol], // PROTO
  [0x95, (m) => (m.uint32(), m.uint32())], // FRAME, whose length says nothing that is needed
  [0x28, (m) => m.putMark()], // MARK
  [0x30, (m) => m.pop()], // POP
  [0x4e, (m) => m.push(null)], // NONE
  [0x88, (m) => m.push(true)], // NEWTRUE
  [0x89, (m) => m.push(false)], // NEWFALSE
  [0x4a, (m) => m.push(m.int32())], // BININT
  [0x4b, (m) => m.push(m.byte())], // BININT1
  [0x4d, (m) => m.push(m.uint16())], // BININT2
  [0x8a, (m) => m.push(m.long(m.byte()))], // LONG1
  [0x47, (m) => m.push(m.float())], // BINFLOAT
  [0x58, (m) => m.push(m.text(m.uint32()))], // BINUNICODE
  [0x8c, (m) => m.push(m.text(m.byte()))], // SHORT_BINUNICODE
  [0x5d, (m) => m.push([])], // EMPTY_LIST
  [0x29, (m) => m.push([])], // EMPTY_TUPLE
  [0x7d, (m) => m.push(new Map())], // EMPTY_DICT
  [0x85, (m) => m.tuple(1)], // TUPLE1
  [0x86, (m) => m.tuple(2)], // TUPLE2
  [0x87, (m) => m.tuple(3)], // TUPLE3
  [0x74, (m) => m.push(m.popMarked())], // TUPLE
  [0x6c, (m) => m.push(m.popMarked())], // LIST
  [0x61, (m) => m.append([m.pop()])], // APPEND
  [0x65, (m) => m.append(m.popMarked())], // APPENDS
  [0x73, (m) => m.set([m.pop(), m.pop()].reverse())], // SETITEM
  [0x75, (m) => m.set(m.popMarked())], // SETITEMS
  [0x71, (m) => m.remember(m.byte())], // BINPUT
  [0x72, (m) => m.remember(m.uint32())], // LONG_BINPUT
  [0x94, (m) => m.rememberNext()], // MEMOIZE
  [0x68, (m) => m.recall(m.byte())], // BINGET
  [0x6a, (m) => m.recall(m.uint32())], // LONG_BINGET
  [0x63, (m) => m.global(m.line(), m.line())], // GLOBAL
  [0x93, (m) => m.stackGlobal()], // STACK_GLOBAL
  [0x52, (m) => m.call()], // REDUCE
  [0x51, (m) => m.persistent()], // BINPERSID
])
