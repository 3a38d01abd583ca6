/**
 * Loops over doubles that compute as if all of them were ordinary numbers, and tell at the end whether one was not. What a loop sees is doubled and added up: the null (the largest number
 * there is, negative), an infinity and NaN thereby leave the finite numbers, and a sum never comes back to them. So there is no test an element and no pass before this one, and
 * memory is what the loop waits for. Numbers above half of the largest one are taken for suspicious, too. Whoever calls does a suspicious range again, with tests.
 *
 * Two or four elements a turn, because an addition waits for the one before it. A loop for the last odd ones would never be seen by the compiler, which leaves compiled code where it meets what
 * it has not seen: they are the caller's.
 */
import { NULL_F64 } from '../values/types.ts'
import { kernel } from './codegen.ts'

/** Elements of a range must be a multiple of this. */
export const WATCHED_STEP = 4

type BinaryLoop = (a: ArrayLike<number>, b: ArrayLike<number>, o: Float64Array, from: number, to: number) => boolean

/** Results by the names `x` and `y` of operands, and whether they can be too large though no operand is. */
const OPERATORS: Readonly<
  Record<string, { readonly text: (x: string, y: string) => string; readonly grows: boolean }>
> = {
  add: { text: (x, y) => `${x}+${y}`, grows: false },
  sub: { text: (x, y) => `${x}-${y}`, grows: false },
  mul: { text: (x, y) => `${x}*${y}`, grows: true },
  ratio: { text: (x, y) => `${x}/${y}`, grows: true },
  div: { text: (x, y) => `${x}/${y}`, grows: true },
}

export const isWatched = (op: string): boolean => op in OPERATORS

/**
 * The loop o[i] = a[i] op b[i] for i in [from, to), true if all was ordinary; where it was not, `o` holds no result. A single operand is the first element of its array.
 */
export function watchedLoop(op: string, singleA: boolean, singleB: boolean): BinaryLoop {
  return kernel<BinaryLoop>(`watched:${op}:${singleA}:${singleB}`, 'a,b,o,from,to', () => {
    const { text, grows } = OPERATORS[op]
    const turn = (k: string): string => {
      const x = singleA ? 'x' : `x${k}`
      const y = singleB ? 'y' : `y${k}`
      const at = k === '0' ? 'i' : `i+${k}`
      const watched = [singleA ? '' : x, singleB ? '' : y, grows ? `r${k}` : ''].filter((name) => name !== '')
      return `${singleA ? '' : `const ${x}=a[${at}];`}${singleB ? '' : `const ${y}=b[${at}];`}const r${k}=${text(x, y)};
w${k}+=${watched.map((name) => `(${name}+${name})`).join('+')};o[${at}]=r${k};`
    }
    const singles = [
      ['x', 'a', singleA],
      ['y', 'b', singleB],
    ] as const
    const single = singles.map(([name, array, is]) => (is ? `const ${name}=${array}[0];w0+=(${name}+${name})*0;` : ''))
    return `let w0=0,w1=0;${single.join('')}for(let i=from;i<to;i+=2){${turn('0')}${turn('1')}}const w=w0+w1;return w-w===0`
  })
}

/** Sum of data[from..to), NaN if not all is ordinary. Both halves are read side by side, so that memory is asked for in two places; four lanes add up, then to one number. */
export function watchedSum(data: Float64Array, from: number, to: number): number {
  const half = (to - from) >> 1
  const middle = from + half
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  for (let i = from; i < middle; i += 2) {
    const p = data[i]
    const q = data[i + 1]
    const r = data[i + half]
    const s = data[i + half + 1]
    a += p + p
    b += q + q
    c += r + r
    d += s + s
  }
  const twice = a + b + (c + d)
  return twice - twice === 0 ? twice / 2 : Number.NaN
}

/** Sum of the squared distances of data[from..to) to `center`, NaN if not all is ordinary: the square of the null is infinite by itself. */
export function watchedSquares(data: Float64Array, from: number, to: number, center: number): number {
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  for (let i = from; i < to; i += 4) {
    const p = data[i] - center
    const q = data[i + 1] - center
    const r = data[i + 2] - center
    const s = data[i + 3] - center
    a += p * p
    b += q * q
    c += r * r
    d += s * s
  }
  const sum = a + b + (c + d)
  return sum - sum === 0 ? sum : Number.NaN
}

/** The largest of data[from..to), which no null can be; NaN if there is none to be sure of. Four are kept apart: none waits for the one before it. */
export function watchedMax(data: Float64Array, from: number, to: number): number {
  let a = Number.NEGATIVE_INFINITY
  let b = a
  let c = a
  let d = a
  for (let i = from; i < to; i += 4) {
    const p = data[i]
    const q = data[i + 1]
    const r = data[i + 2]
    const s = data[i + 3]
    a = p > a ? p : a
    b = q > b ? q : b
    c = r > c ? r : c
    d = s > d ? s : d
  }
  const best = Math.max(a, b, c, d)
  return best > NULL_F64 ? best : Number.NaN
}

/** The smallest of data[from..to); NaN if that is a null, or there is none to be sure of. */
export function watchedMin(data: Float64Array, from: number, to: number): number {
  let a = Number.POSITIVE_INFINITY
  let b = a
  let c = a
  let d = a
  for (let i = from; i < to; i += 4) {
    const p = data[i]
    const q = data[i + 1]
    const r = data[i + 2]
    const s = data[i + 3]
    a = p < a ? p : a
    b = q < b ? q : b
    c = r < c ? r : c
    d = s < d ? s : d
  }
  const best = Math.min(a, b, c, d)
  return best > NULL_F64 && best < Number.POSITIVE_INFINITY ? best : Number.NaN
}

/** o[i] = data[i] - data[i - n] for i in [from, to), true if all was ordinary. */
export function watchedDifferences(data: Float64Array, n: number, o: Float64Array, from: number, to: number): boolean {
  let v = 0
  let w = 0
  for (let i = from; i < to; i += 2) {
    const x = data[i]
    const p = data[i - n]
    v += x + x + (p + p)
    o[i] = x - p
    const y = data[i + 1]
    const q = data[i + 1 - n]
    w += y + y + (q + q)
    o[i + 1] = y - q
  }
  const all = v + w
  return all - all === 0
}

/** Sums of x[i] * y[i] and of y[i] over [from, to) in `sums`, true if all was ordinary. */
export function watchedProducts(
  x: Float64Array,
  y: Float64Array,
  from: number,
  to: number,
  sums: Float64Array,
): boolean {
  let a = 0
  let b = 0
  let p = 0
  let q = 0
  let v = 0
  let w = 0
  for (let i = from; i < to; i += 2) {
    const x0 = x[i]
    const y0 = y[i]
    const x1 = x[i + 1]
    const y1 = y[i + 1]
    a += x0 * y0
    b += x1 * y1
    p += y0 + y0
    q += y1 + y1
    v += x0 + x0
    w += x1 + x1
  }
  sums[0] = a + b
  sums[1] = (p + q) / 2
  const all = a + b + (p + q) + (v + w)
  return all - all === 0
}
