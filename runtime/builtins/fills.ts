import { inputError } from '../errors.ts'
import { mapForm } from '../ops/unary.ts'
import { topicTable } from '../registry.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { NULL_F32, NULL_F64, type Raw, T } from '../values/types.ts'
import { ArrayVector, FixedVector, type Vector } from '../values/vector.ts'
import { type Arg, boolArg, intArg, isGiven, required } from './args.ts'
import { iif, overwrite } from './nulls.ts'
import { vectorOver } from './shapes.ts'

const { entries, define } = topicTable('Types, conversion, null tests')

function flagNonFinite(x: Value, includeNull: boolean): Value {
  return mapForm(x, (f) => {
    const test = (n: Raw): boolean =>
      typeof n === 'number' && (!Number.isFinite(n) || (includeNull && (n === NULL_F64 || n === NULL_F32)))
    if (f.kind === 'scalar') return Scalar.bool(test(f.value))
    const out = new Int8Array(f.length)
    for (let k = 0; k < f.length; k++) out[k] = test(f.raw(k)) ? 1 : 0
    return new FixedVector(T.BOOL, out)
  })
}
const includeNullArg = (v: Arg, name: string): boolean =>
  boolArg(v, `${name}(X, [includeNull=false])`, 'includeNull', false)

define('isNanInf(X, [includeNull=false])', {
  kind: 'element',
  doc: 'Whether each element is NaN or infinite (or null, with includeNull).',
  call: ([x, n]) => flagNonFinite(required(x, 'isNanInf(X)', 'X'), includeNullArg(n, 'isNanInf')),
})
define('countNanInf(X, [includeNull=false])', {
  kind: 'aggregate',
  doc: 'Number of elements that are NaN or infinite (or null, with includeNull).',
  call: ([x, n]) => {
    let count = 0
    mapForm(flagNonFinite(required(x, 'countNanInf(X)', 'X'), includeNullArg(n, 'countNanInf')), (f) => {
      if (f.kind === 'scalar') count += f.value as number
      else for (let k = 0; k < f.length; k++) count += f.raw(k) as number
      return f
    })
    return Scalar.int(count)
  },
})
define('nanInfFill(X, Y)', {
  kind: 'element',
  doc: 'X with NaN and infinities replaced by the number Y.',
  call: ([x, y]) => {
    const source = required(x, 'nanInfFill(X, Y)', 'X')
    return iif(flagNonFinite(source, false), required(y, 'nanInfFill(X, Y)', 'Y'), source)
  },
})

function carry(v: Vector, limit: number, step: 1 | -1): Vector {
  const positions = new Int32Array(v.length)
  let last = -1
  for (let n = 0; n < v.length; n++) {
    const k = step > 0 ? n : v.length - 1 - n
    if (!v.isNullAt(k)) last = k
    positions[k] = last >= 0 && Math.abs(k - last) <= limit ? last : k
  }
  return v.gather(positions)
}

/** Rows without values become the nearest one that has some; nulls in other rows the nearest value at their place of a row. */
function carryRows(x: ArrayVector, step: 1 | -1): ArrayVector {
  const { offsets, flat } = x
  const valid = (k: number): boolean => !flat.isNullAt(k)
  const positions: number[][] = new Array(x.length)
  const lastAt: number[] = []
  let lastRow: readonly number[] = []
  for (let n = 0; n < x.length; n++) {
    const r = step > 0 ? n : x.length - 1 - n
    const own = Array.from({ length: offsets[r + 1] - offsets[r] }, (_, c) => offsets[r] + c)
    if (!own.some(valid)) {
      positions[r] = lastRow.length === 0 ? own : lastRow.slice()
      continue
    }
    positions[r] = own.map((k, c) => (valid(k) ? k : (lastAt[c] ?? k)))
    positions[r].forEach((k, c) => {
      if (valid(k)) lastAt[c] = k
    })
    lastRow = positions[r]
  }
  const ends = new Int32Array(x.length + 1)
  for (let r = 0; r < x.length; r++) ends[r + 1] = ends[r] + positions[r].length
  return new ArrayVector(ends, flat.gather(Int32Array.from(positions.flat())))
}

for (const [name, step, what] of [
  ['ffill', 1, 'the last valid value before it'],
  ['bfill', -1, 'the next valid value after it'],
] as const)
  for (const bang of ['', '!'])
    define(`${name}${bang}(X, [limit])`, {
      kind: bang === '' ? 'vector' : 'general',
      mutates: bang === '!',
      doc: `Replaces each null by ${what}, over at most \`limit\` neighbours. Tables and matrices work column by column; in an array vector a row without values becomes the nearest one that has some, and a null in another row the nearest value at its place.`,
      call: ([x, limit]) => {
        const usage = `${name}(X, [limit])`
        const most = intArg(limit, usage, 'limit', Number.POSITIVE_INFINITY)
        const source = required(x, usage, 'X')
        if (source instanceof ArrayVector) {
          if (isGiven(limit)) throw inputError(`Usage: ${usage}. limit can't be used with array vectors.`)
          const rows = carryRows(source, step)
          return bang === '' ? rows : overwrite(source, rows)
        }
        const filled = vectorOver(name, source, (v) => carry(v, most, step))
        return bang === '' ? filled : overwrite(source, filled)
      },
    })

export const fillBuiltins = entries
