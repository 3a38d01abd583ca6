/** Operators on 128-bit values (UUID, IPADDR, INT128: order only) and on COMPLEX and POINT. */
import { Scalar } from '../values/scalar.ts'
import { isNullRaw, nullRaw, type Raw, T, type TypeId } from '../values/types.ts'
import { FixedVector, newVector, type WideVector } from '../values/vector.ts'
import { commonLength, type Flat, unsupported } from './flat.ts'
import { type ElementOp, isCompareOp } from './names.ts'
import { holds } from './text.ts'

const at = (x: Flat, k: number): Raw => (x.kind === 'scalar' ? x.value : x.raw(k))

/** The operation on two values of one 16-byte type. */
export function wideBinary(op: ElementOp, a: Flat, b: Flat): Flat {
  if (a.type !== b.type) throw unsupported(op, a.type, b.type)
  const length = commonLength(a, b)
  const scalar = a.kind === 'scalar' && b.kind === 'scalar'
  if (isCompareOp(op)) {
    if (typeof at(a, 0) !== 'bigint' && op !== 'eq' && op !== 'ne' && length > 0) throw unsupported(op, a.type, b.type)
    const out = new Int8Array(length)
    for (let k = 0; k < length; k++) out[k] = holds(op, order(at(a, k), at(b, k))) ? 1 : 0
    return scalar ? Scalar.bool(out[0] === 1) : new FixedVector(T.BOOL, out)
  }
  if (a.type !== T.COMPLEX) throw unsupported(op, a.type, b.type)
  const out = newVector(T.COMPLEX, length) as WideVector
  for (let k = 0; k < length; k++) out.set(k, complex(op, at(a, k), at(b, k), a.type))
  return scalar ? out.get(0) : out
}

function order(x: Raw, y: Raw): number {
  if (typeof x === 'bigint' && typeof y === 'bigint') return x < y ? -1 : x > y ? 1 : 0
  const p = x as readonly [number, number]
  const q = y as readonly [number, number]
  return p[0] === q[0] && p[1] === q[1] ? 0 : 1
}

function complex(op: ElementOp, x: Raw, y: Raw, type: TypeId): Raw {
  if (isNullRaw(type, x) || isNullRaw(type, y)) return nullRaw(type)
  const [a, b] = x as readonly [number, number]
  const [c, d] = y as readonly [number, number]
  switch (op) {
    case 'add':
      return [a + c, b + d]
    case 'sub':
      return [a - c, b - d]
    case 'mul':
      return [a * c - b * d, a * d + b * c]
    case 'div':
    case 'ratio': {
      const n = c * c + d * d
      return n === 0 ? nullRaw(type) : [(a * c + b * d) / n, (b * c - a * d) / n]
    }
    default:
      throw unsupported(op, type, type)
  }
}
