// torch's files, read without torch: `torch.save` of plain containers and tensors.
// Owns: the zip container, which globals stand for what, tensors out of storages. Not: what the values mean (aresFolder.ts).
// Trusts nothing it reads: no global but tensor rebuilding and ordered dictionaries, sizes before they are unpacked, strides
// and offsets against the bytes that are there.
// Source: PyTorch, torch/serialization.py (zip layout, persistent ids) and torch/_utils.py (_rebuild_tensor_v2).
import { unzipSync } from 'fflate'
import { errors } from '../contract/errors.ts'
import { PickleFault, readPickle } from './pickle.ts'

/** A tensor's numbers, row-major. */
export interface TorchTensor {
  shape: number[]
  data: Float32Array
}

interface StorageType {
  bytes: number
  read(view: DataView, at: number): number
}

const bfloat16 = new DataView(new ArrayBuffer(4))
function readBfloat16(view: DataView, at: number): number {
  bfloat16.setUint16(2, view.getUint16(at, true), true)
  return bfloat16.getFloat32(0, true)
}

const storageTypes = new Map<string, StorageType>([
  ['FloatStorage', { bytes: 4, read: (view, at) => view.getFloat32(at, true) }],
  ['DoubleStorage', { bytes: 8, read: (view, at) => view.getFloat64(at, true) }],
  ['HalfStorage', { bytes: 2, read: (view, at) => view.getFloat16(at, true) }],
  ['BFloat16Storage', { bytes: 2, read: readBfloat16 }],
  ['LongStorage', { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) }],
  ['IntStorage', { bytes: 4, read: (view, at) => view.getInt32(at, true) }],
  ['ShortStorage', { bytes: 2, read: (view, at) => view.getInt16(at, true) }],
  ['CharStorage', { bytes: 1, read: (view, at) => view.getInt8(at) }],
  ['ByteStorage', { bytes: 1, read: (view, at) => view.getUint8(at) }],
  ['BoolStorage', { bytes: 1, read: (view, at) => view.getUint8(at) }],
])

/** What is not unpacked whatever it claims to be. `values` are those of all tensors of a file together. */
const limits = { operations: 5_000_000, text: 1_000_000, fileBytes: 4 * 2 ** 30, values: 2 ** 29 }
/** Deflate makes nothing smaller than this share; what claims more is a lie or a bomb. */
const mostDeflated = 1032

class StorageReference {
  readonly type: StorageType
  readonly key: string
  readonly values: number
  constructor(type: StorageType, key: string, values: number) {
    this.type = type
    this.key = key
    this.values = values
  }
}

const rebuildTensor = Symbol('_rebuild_tensor_v2')
const orderedDictionary = Symbol('OrderedDict')

/**
 * The value that was saved: null, booleans, numbers, texts, arrays, Maps and tensors.
 * @param path  for messages
 * @throws import_refused for a file that names any other function, import_unreadable for one that is damaged, too large or
 *   of torch's older format
 */
export function readTorchFile(bytes: Uint8Array, path: string): unknown {
  const unreadable = (reason: string): Error => errors.importUnreadable({ path, reason })
  const parts = unpacked(bytes, unreadable)
  const root = [...parts.keys()].find((name) => name.endsWith('/data.pkl'))?.slice(0, -'data.pkl'.length)
  if (root === undefined) throw unreadable('there is no data.pkl in it, so torch.save did not write it')
  const order = parts.get(`${root}byteorder`)
  if (order && new TextDecoder().decode(order) !== 'little') throw unreadable('its numbers are big-endian')
  let values = 0
  const ground = {
    global(module: string, name: string): unknown {
      const full = `${module}.${name}`
      if (full === 'torch._utils._rebuild_tensor_v2') return rebuildTensor
      if (full === 'collections.OrderedDict') return orderedDictionary
      const storage = module === 'torch' ? storageTypes.get(name) : undefined
      if (storage) return storage
      throw errors.importRefused({ path, asks: full })
    },
    call(callee: unknown, given: readonly unknown[]): unknown {
      if (callee === orderedDictionary && given.length === 0) return new Map()
      if (callee === rebuildTensor) {
        const layout = layoutOf(given)
        values += layout.count
        if (values > limits.values)
          throw new PickleFault(`its tensors have more than ${limits.values} values`)
        return tensorOf(layout, parts.get(`${root}data/${layout.storage.key}`))
      }
      throw new PickleFault('it calls something that is no function')
    },
    persistent: storageOf,
  }
  try {
    return readPickle(parts.get(`${root}data.pkl`)!, ground, limits)
  } catch (error) {
    if (error instanceof PickleFault) throw unreadable(error.message)
    throw error
  }
}

/** The entries of the zip container by name. */
function unpacked(bytes: Uint8Array, unreadable: (reason: string) => Error): Map<string, Uint8Array> {
  const isZip = bytes.length > 3 && bytes[0] === 0x50 && bytes[1] === 0x4b
  if (!isZip)
    throw unreadable(
      bytes[0] === 0x80
        ? 'it is of torch’s format before 1.6; load it there and save it again with a newer torch'
        : 'it is no file of torch.save',
    )
  if (bytes.length > limits.fileBytes) throw unreadable('it is larger than 4 GiB')
  let total = 0
  try {
    const entries = unzipSync(bytes, {
      filter({ originalSize, size }) {
        total += originalSize
        if (total > limits.fileBytes || originalSize > size * mostDeflated)
          throw new PickleFault('it unpacks to more than it can hold')
        return true
      },
    })
    return new Map(Object.entries(entries))
  } catch (error) {
    throw unreadable(error instanceof PickleFault ? error.message : 'its zip container is damaged')
  }
}

/** `('storage', type, key, device, number of values)` */
function storageOf(id: unknown): StorageReference {
  const [word, type, key, , values] = Array.isArray(id) ? (id as unknown[]) : []
  const isStorage =
    word === 'storage' &&
    typeof key === 'string' &&
    isCount(values) &&
    [...storageTypes.values()].includes(type as StorageType)
  if (!isStorage) throw new PickleFault('a persistent id is no storage')
  return new StorageReference(type as StorageType, key, values)
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isCounts = (value: unknown): value is number[] => Array.isArray(value) && value.every(isCount)

interface Layout {
  storage: StorageReference
  /** Counts values, as strides do. */
  offset: number
  shape: number[]
  strides: number[]
  count: number
}

/** `(storage, offset, sizes, strides, …)` */
function layoutOf([storage, offset, shape, strides]: readonly unknown[]): Layout {
  const isWhole =
    storage instanceof StorageReference &&
    isCount(offset) &&
    isCounts(shape) &&
    isCounts(strides) &&
    shape.length === strides.length
  if (!isWhole || shape.length > 8) throw new PickleFault('a tensor has no proper storage, shape or strides')
  const count = shape.reduce((product, size) => product * size, 1)
  if (count > storage.values)
    throw new PickleFault(`a tensor has more values than its storage ${storage.key}`)
  const last = shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis], offset)
  if (count > 0 && last >= storage.values)
    throw new PickleFault(`a tensor reaches beyond its storage ${storage.key}`)
  return { storage, offset, shape, strides, count }
}

function tensorOf(
  { storage, offset, shape, strides, count }: Layout,
  bytes: Uint8Array | undefined,
): TorchTensor {
  if (!bytes) throw new PickleFault(`the storage ${storage.key} is missing`)
  const { type } = storage
  if (bytes.length < storage.values * type.bytes)
    throw new PickleFault(`the storage ${storage.key} is cut short`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const data = new Float32Array(count)
  const place = new Array<number>(shape.length).fill(0)
  for (let i = 0, at = offset; i < count; i++) {
    data[i] = type.read(view, at * type.bytes)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]
      if (++place[axis] < shape[axis]) break
      at -= strides[axis] * shape[axis]
      place[axis] = 0
    }
  }
  return { shape: [...shape], data }
}
