/** Scalars, and the union of everything a script can hold. */

import type { CodeValue, Dict, Matrix, Pair, Resource, SetValue } from './forms.ts'
import type { FunctionValue } from './function.ts'
import type { SourceTable, Table } from './table.ts'
import { isNullRaw, nullRaw, type Raw, T, type TypeId } from './types.ts'
import type { Vector } from './vector.ts'

/** Every value has a literal `kind`; switch on it. */
export type Value =
  | Scalar
  | Vector
  | Pair
  | Matrix
  | SetValue
  | Dict
  | Table
  | SourceTable
  | FunctionValue
  | CodeValue
  | Resource

/**
 * A scalar: immutable. `value` is in the raw form of the type (see `Raw`): nulls are the type's sentinel, 64-bit types are bigint,
 * DURATION is packed (see packDuration). `scale` counts only for decimals.
 */
export class Scalar {
  readonly kind = 'scalar'
  readonly type: TypeId
  readonly value: Raw
  readonly scale: number

  constructor(type: TypeId, value: Raw, scale = 0) {
    this.type = type
    this.value = value
    this.scale = scale
  }

  static readonly VOID = new Scalar(T.VOID, null)
  /** `DFLT` in a partial application: the parameter keeps its default. Compared by identity. */
  static readonly DEFAULT = new Scalar(T.VOID, null)
  /** What a parameter holds when its argument was not passed (`f(5,)`): VOID, but not the same as NULL. */
  static readonly NOTHING = new Scalar(T.VOID, null)
  static readonly TRUE = new Scalar(T.BOOL, 1)
  static readonly FALSE = new Scalar(T.BOOL, 0)

  static bool(b: boolean): Scalar {
    return b ? Scalar.TRUE : Scalar.FALSE
  }
  static int(n: number): Scalar {
    if (n < -128 || n >= 1024) return new Scalar(T.INT, n)
    let small = smallInts[n + 128]
    if (small === undefined) {
      small = new Scalar(T.INT, n)
      smallInts[n + 128] = small
    }
    return small
  }
  static long(n: bigint | number): Scalar {
    return new Scalar(T.LONG, BigInt(n))
  }
  static double(n: number): Scalar {
    return new Scalar(T.DOUBLE, n)
  }
  static string(s: string): Scalar {
    return new Scalar(T.STRING, s)
  }
  static nullOf(type: TypeId, scale = 0): Scalar {
    return type === T.VOID || type === T.ANY ? Scalar.VOID : new Scalar(type, nullRaw(type), scale)
  }

  isNull(): boolean {
    return isNullRaw(this.type, this.value)
  }
}

/** Made when they first occur: a session that starts needs few. */
const smallInts: (Scalar | undefined)[] = new Array(1152).fill(undefined)
