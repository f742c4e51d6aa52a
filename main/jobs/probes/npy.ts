// NumPy's array files.
// Owns: reading .npy bytes and .npz archives of numbers and texts, writing numbers. Not: what they mean.
// Trusts nothing it reads: no pickled objects, sizes checked before anything is unpacked, shapes against bytes.
// Source: NumPy, “NPY format”, versions 1.0 to 3.0.
import { unzipSync } from 'fflate'
import { errors } from '../../contract/errors.ts'

export interface NumberArray {
  data: Float32Array | Float64Array
  shape: number[]
}

/** Texts, or integers that a double cannot hold. */
export interface NameArray {
  names: (string | bigint)[]
  shape: number[]
}

/** More than this is not unpacked: 4 GiB of features need another way. */
const LARGEST_BYTES = 4 * 2 ** 30
/** Deflate makes nothing smaller than this share; what claims more is a lie or a bomb. */
const MOST_DEFLATED = 1032

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]

interface NumberType {
  bytes: number
  read(view: DataView, at: number, isLittle: boolean): number
}

const types: Record<string, NumberType> = {
  f8: { bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
  f4: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  f2: { bytes: 2, read: (view, at, little) => view.getFloat16(at, little) },
  i8: { bytes: 8, read: (view, at, little) => Number(view.getBigInt64(at, little)) },
  u8: { bytes: 8, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
  i4: { bytes: 4, read: (view, at, little) => view.getInt32(at, little) },
  u4: { bytes: 4, read: (view, at, little) => view.getUint32(at, little) },
  i2: { bytes: 2, read: (view, at, little) => view.getInt16(at, little) },
  u2: { bytes: 2, read: (view, at, little) => view.getUint16(at, little) },
  i1: { bytes: 1, read: (view, at) => view.getInt8(at) },
  u1: { bytes: 1, read: (view, at) => view.getUint8(at) },
  b1: { bytes: 1, read: (view, at) => view.getUint8(at) },
}

/** The numbers of one .npy file, as readArray gives them. @throws array_unreadable, for texts and integers beyond 2⁵³ too */
export function readNpy(bytes: Uint8Array, name: string): NumberArray {
  const array = readArray(bytes, name)
  if ('data' in array) return array
  throw errors.arrayUnreadable({ path: name, reason: 'it holds texts or integers beyond 2⁵³, not numbers' })
}

/**
 * The numbers of one .npy file, row-major whatever their order in the file. float32 and float16 become float32, all else float64;
 * integers of 64 bits of which one is beyond 2⁵³ stay whole, as names.
 * @param name  for messages
 * @throws array_unreadable for objects, other types, and where header and bytes contradict one another
 */
export function readArray(bytes: Uint8Array, name: string): NumberArray | NameArray {
  const wrong = (reason: string): Error => errors.arrayUnreadable({ path: name, reason })
  if (bytes.length < 10 || magic.some((byte, i) => bytes[i] !== byte)) throw wrong('it is no .npy file')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const isFirst = bytes[6] === 1
  if (!isFirst && bytes.length < 12) throw wrong('it is cut short')
  const start = isFirst ? 10 : 12
  const end = start + (isFirst ? view.getUint16(8, true) : view.getUint32(8, true))
  if (end > bytes.length) throw wrong('its header is cut short')
  const header = new TextDecoder('latin1').decode(bytes.subarray(start, end))
  const descr = /'descr'\s*:\s*'([<>|=])([a-zA-Z])(\d+)'/.exec(header)
  if (!descr) throw wrong('its type is no plain number')
  if (descr[2] === 'O') throw wrong('it holds Python objects, which are never unpacked; save numbers')
  const text = descr[2] === 'U' || descr[2] === 'S' ? textType(descr[2], Number(descr[3])) : null
  const type = types[descr[2] + descr[3]]
  const itemBytes = text?.bytes ?? type?.bytes
  if (!itemBytes) throw wrong(`its type ${descr[2]}${descr[3]} is no number that is read here`)
  const isFortran = /'fortran_order'\s*:\s*True/.test(header)
  const sizes = /'shape'\s*:\s*\(([\d,\s]*)\)/.exec(header)
  if (!sizes) throw wrong('its shape is missing')
  const shape = (sizes[1].match(/\d+/g) ?? []).map(Number)
  const count = shape.reduce((product, size) => product * size, 1)
  if (!Number.isSafeInteger(count) || count * itemBytes !== bytes.length - end)
    throw wrong(`its shape [${shape.join(', ')}] does not fit its ${bytes.length - end} bytes`)
  const isLittle = descr[1] !== '>'
  if (text)
    return {
      names: Array.from({ length: count }, (_, i) => text.read(bytes, end + i * text.bytes, isLittle)),
      shape,
    }
  const whole =
    descr[3] === '8' && descr[2] !== 'f'
      ? wholeNumbers(view, end, { count, isSigned: descr[2] === 'i', isLittle })
      : null
  if (whole) return { names: whole, shape }
  const data = type.bytes <= 4 && descr[2] === 'f' ? new Float32Array(count) : new Float64Array(count)
  for (let i = 0; i < count; i++) data[i] = type.read(view, end + i * type.bytes, isLittle)
  return { data: isFortran ? rowMajor(data, shape) : data, shape }
}

interface TextType {
  bytes: number
  read(bytes: Uint8Array, at: number, isLittle: boolean): string
}

/** NumPy's U: code points of four bytes; S: bytes. Both are filled up with zeros. */
function textType(kind: 'U' | 'S', length: number): TextType {
  const unit = kind === 'U' ? 4 : 1
  return {
    bytes: unit * length,
    read(bytes, at, isLittle) {
      const view = new DataView(bytes.buffer, bytes.byteOffset + at, unit * length)
      const points = Array.from({ length }, (_, i) =>
        unit === 4 ? view.getUint32(4 * i, isLittle) : view.getUint8(i),
      )
      const end = points.findLastIndex((point) => point !== 0) + 1
      return points
        .slice(0, end)
        .map((point) => String.fromCodePoint(Math.min(point, 0x10ffff)))
        .join('')
    },
  }
}

/** Integers of 64 bits; null where doubles hold all of them. */
function wholeNumbers(
  view: DataView,
  start: number,
  { count, isSigned, isLittle }: { count: number; isSigned: boolean; isLittle: boolean },
): bigint[] | null {
  const read = (i: number): bigint =>
    isSigned ? view.getBigInt64(start + 8 * i, isLittle) : view.getBigUint64(start + 8 * i, isLittle)
  for (let i = 0; i < count; i++)
    if (!Number.isSafeInteger(Number(read(i)))) return Array.from({ length: count }, (_, at) => read(at))
  return null
}

/** First index fastest → last index fastest. */
function rowMajor<T extends Float32Array | Float64Array>(data: T, shape: readonly number[]): T {
  const turned = data.slice() as T // slice of a typed array is of its own kind
  const index = new Array<number>(shape.length).fill(0)
  for (let to = 0; to < data.length; to++) {
    let [from, stride] = [0, 1]
    for (let axis = 0; axis < shape.length; axis++) {
      from += index[axis] * stride
      stride *= shape[axis]
    }
    turned[to] = data[from]
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0
  }
  return turned
}

/**
 * The arrays of an .npz archive by name, without `.npy`. Members that are no .npy file are left alone.
 * @throws array_unreadable where the archive is damaged or would unpack to more than 4 GiB, and as readArray
 */
export function readNpz(bytes: Uint8Array, path: string): Map<string, NumberArray | NameArray> {
  let total = 0
  let files: Record<string, Uint8Array>
  try {
    files = unzipSync(bytes, {
      filter: ({ name, size, originalSize }) => {
        if (!name.endsWith('.npy')) return false
        if (originalSize > MOST_DEFLATED * size + 64) throw new RangeError(`the size of ${name} is not true`)
        total += originalSize
        if (total > LARGEST_BYTES) throw new RangeError('it would unpack to more than 4 GiB')
        return true
      },
    })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw errors.arrayUnreadable({ path, reason }, error)
  }
  return new Map(
    Object.entries(files).map(([name, file]) => [
      name.slice(0, -'.npy'.length),
      readArray(file, `${path}: ${name}`),
    ]),
  )
}

/** A version 1.0 .npy file of float64 numbers, row-major. */
export function npyBytes(data: Float64Array, shape: readonly number[]): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const text = `{'descr': '<f8', 'fortran_order': False, 'shape': (${sizes}), }`
  // Spaces and a line break bring the data to a multiple of 64.
  const padded = Math.ceil((10 + text.length + 1) / 64) * 64 - 10
  const bytes = new Uint8Array(10 + padded + data.byteLength)
  bytes.set(magic)
  bytes[6] = 1
  new DataView(bytes.buffer).setUint16(8, padded, true)
  bytes.set(new TextEncoder().encode(`${text.padEnd(padded - 1)}\n`), 10)
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + padded)
  return bytes
}
