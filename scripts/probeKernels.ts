// Prints main/analysis/probes/kernelBytes.ts: the inner loops of probes as a WebAssembly module, as text and assembled.
//   node scripts/probeKernels.ts > main/analysis/probes/kernelBytes.ts
// Owns: the kernels' source. Not: how matrices lie in memory and when a kernel is called (main/analysis/probes/kernelMemory.ts).
// Only strict SIMD: every product is rounded as IEEE says, so that a probe has the same bits on every processor.
import { pathToFileURL } from 'node:url'
import loadWabt from 'wabt'

type Element = 'f32' | 'f64'

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)
const lines = (parts: string[]): string => parts.join('\n')

/** Two neighbouring values of a row as f64x2. */
const pairOf = (element: Element, pointer: string, pair: number): string =>
  element === 'f32'
    ? `(f64x2.promote_low_f32x4 (v128.load64_zero offset=${8 * pair} (local.get ${pointer})))`
    : `(v128.load offset=${16 * pair} (local.get ${pointer}))`
const pairBytes = { f32: 8, f64: 16 }

const add = (target: string, left: string, right: string): string =>
  `(local.set ${target} (f64x2.add (local.get ${target}) (f64x2.mul (local.get ${left}) (local.get ${right}))))`
const step = (pointer: string, bytes: number | string): string =>
  `(local.set ${pointer} (i32.add (local.get ${pointer}) ${typeof bytes === 'number' ? `(i32.const ${bytes})` : bytes}))`
const locals = (type: string, names: string[]): string =>
  names.map((name) => `(local ${name} ${type})`).join(' ')
const unroll = 2

/**
 * out[row, k] += Σ over pairs of x[row]·w[k], `rows` a multiple of `tall`, `pairs` of 2.
 * w and out are interleaved: w[pair][k][lane], out[row][k].
 */
function project(element: Element, tall: number, wide: number): string {
  const [rowsAt, columns] = [range(tall), range(wide)]
  const accumulators = rowsAt.flatMap((r) => columns.map((k) => `$s${r}${k}`))
  return `(func (export "project${wide}${element}") (param $x i32) (param $rowBytes i32) (param $rows i32) (param $pairs i32) (param $w i32) (param $out i32)
  ${locals('v128', [...accumulators, ...rowsAt.map((r) => `$a${r}`), '$t'])} ${locals('i32', [...rowsAt.map((r) => `$p${r}`), '$v', '$end'])}
  (local.set $end (i32.add (local.get $w) (i32.mul (local.get $pairs) (i32.const ${16 * wide}))))
  (loop $row
    ${lines(accumulators.map((name) => `(local.set ${name} (v128.const i64x2 0 0))`))}
    (local.set $p0 (local.get $x))
    ${lines(rowsAt.slice(1).map((r) => `(local.set $p${r} (i32.add (local.get $p${r - 1}) (local.get $rowBytes)))`))}
    (local.set $v (local.get $w))
    (loop $pair
      ${lines(
        range(unroll).map((u) =>
          lines([
            ...rowsAt.map((r) => `(local.set $a${r} ${pairOf(element, `$p${r}`, u)})`),
            ...columns.map((k) =>
              lines([
                `(local.set $t (v128.load offset=${16 * (u * wide + k)} (local.get $v)))`,
                ...rowsAt.map((r) => add(`$s${r}${k}`, `$a${r}`, '$t')),
              ]),
            ),
          ]),
        ),
      )}
      ${lines(rowsAt.map((r) => step(`$p${r}`, unroll * pairBytes[element])))}
      ${step('$v', 16 * wide * unroll)}
      (br_if $pair (i32.lt_u (local.get $v) (local.get $end))))
    ${lines(
      rowsAt.flatMap((r) =>
        columns.map((k) => {
          const at = `offset=${8 * (r * wide + k)} (local.get $out)`
          const lane = (index: number): string => `(f64x2.extract_lane ${index} (local.get $s${r}${k}))`
          return `(f64.store ${at} (f64.add (f64.load ${at}) (f64.add ${lane(0)} ${lane(1)})))`
        }),
      ),
    )}
    ${step('$x', `(i32.mul (local.get $rowBytes) (i32.const ${tall}))`)}
    ${step('$out', 8 * tall * wide)}
    (local.set $rows (i32.sub (local.get $rows) (i32.const ${tall})))
    (br_if $row (i32.gt_s (local.get $rows) (i32.const 0)))))`
}

/**
 * out[pair, k] += Σ over rows of x[row]·r[row, k], `rows` a multiple of `tall`, `pairs` of 2.
 * r and out are interleaved: r[row][k], out[pair][k][lane].
 */
function gather(element: Element, tall: number, wide: number): string {
  const [rowsAt, columns] = [range(tall), range(wide)]
  const factors = rowsAt.flatMap((r) => columns.map((k) => `$f${r}${k}`))
  return `(func (export "gather${wide}${element}") (param $x i32) (param $rowBytes i32) (param $rows i32) (param $pairs i32) (param $r i32) (param $out i32)
  ${locals('v128', [...factors, ...rowsAt.map((r) => `$a${r}`), '$t'])} ${locals('i32', [...rowsAt.map((r) => `$p${r}`), '$v', '$end'])}
  (local.set $end (i32.add (local.get $out) (i32.mul (local.get $pairs) (i32.const ${16 * wide}))))
  (loop $row
    ${lines(rowsAt.flatMap((r) => columns.map((k) => `(local.set $f${r}${k} (v128.load64_splat offset=${8 * (r * wide + k)} (local.get $r)))`)))}
    (local.set $p0 (local.get $x))
    ${lines(rowsAt.slice(1).map((r) => `(local.set $p${r} (i32.add (local.get $p${r - 1}) (local.get $rowBytes)))`))}
    (local.set $v (local.get $out))
    (loop $pair
      ${lines(
        range(unroll).map((u) =>
          lines([
            ...rowsAt.map((r) => `(local.set $a${r} ${pairOf(element, `$p${r}`, u)})`),
            ...columns.map((k) => {
              const at = `offset=${16 * (u * wide + k)} (local.get $v)`
              return lines([
                `(local.set $t (v128.load ${at}))`,
                ...rowsAt.map((r) => add('$t', `$a${r}`, `$f${r}${k}`)),
                `(v128.store ${at} (local.get $t))`,
              ])
            }),
          ]),
        ),
      )}
      ${lines(rowsAt.map((r) => step(`$p${r}`, unroll * pairBytes[element])))}
      ${step('$v', 16 * wide * unroll)}
      (br_if $pair (i32.lt_u (local.get $v) (local.get $end))))
    ${step('$x', `(i32.mul (local.get $rowBytes) (i32.const ${tall}))`)}
    ${step('$r', 8 * tall * wide)}
    (local.set $rows (i32.sub (local.get $rows) (i32.const ${tall})))
    (br_if $row (i32.gt_s (local.get $rows) (i32.const 0)))))`
}

const source = `(module (import "probe" "memory" (memory 1 65536))
${lines((['f32', 'f64'] as const).flatMap((element) => [project(element, 2, 4), project(element, 4, 1), gather(element, 2, 4), gather(element, 4, 1)]))})`

/** The file's text: the module in base64. */
export async function kernelFile(): Promise<string> {
  const wabt = await loadWabt()
  const module = wabt.parseWat('probeKernels.wat', source, { simd: true })
  const { buffer } = module.toBinary({})
  module.destroy()
  const text = Buffer.from(buffer).toString('base64')
  const rows = text.match(/.{1,96}/g)!.map((row) => `  '${row}',`)
  return `// The inner loops of probes, assembled by scripts/probeKernels.ts, which has their source. Not to be edited by hand.
// Owns: bytes of a WebAssembly module, in base64. Not: calling it (kernelMemory.ts).

export const kernelBytes = [
${rows.join('\n')}
].join('')
`
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.stdout.write(await kernelFile())
