/** For tests of builtins: short ways to make values, and a session that holds nothing but what builtins ask for. */
import { displayValue } from '../print/index.ts'
import { type Builtin, Registry } from '../registry.ts'
import type { Session } from '../session.ts'
import type { FunctionValue } from '../values/function.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { NULL_F64, NULL_I32, type Raw, T, type TypeId } from '../values/types.ts'
import { AnyVector, FixedVector, StringVector, SymbolVector, vectorOf } from '../values/vector.ts'

export const ints = (...x: (number | null)[]): FixedVector =>
  new FixedVector(
    T.INT,
    Int32Array.from(x, (n) => n ?? NULL_I32),
  )
export const longs = (...x: number[]): FixedVector => new FixedVector(T.LONG, BigInt64Array.from(x, BigInt))
export const doubles = (...x: (number | null)[]): FixedVector =>
  new FixedVector(
    T.DOUBLE,
    Float64Array.from(x, (n) => n ?? NULL_F64),
  )
export const bools = (...x: number[]): FixedVector => new FixedVector(T.BOOL, Int8Array.from(x))
export const strings = (...x: string[]): StringVector => new StringVector(x)
export const symbols = (...x: string[]): SymbolVector => SymbolVector.encode(x)
export const tuple = (...x: Value[]): AnyVector => new AnyVector(x)
export const int = (n: number): Scalar => Scalar.int(n)
export const text = (s: string): Scalar => Scalar.string(s)
export const scalar = (type: TypeId, raw: Raw): Scalar => new Scalar(type, raw)
export const vector = (type: TypeId, ...raws: Raw[]): ReturnType<typeof vectorOf> => vectorOf(type, raws)

/** Calls builtins by name the way the evaluator does; `show` gives the printed result. */
export function library(builtins: readonly Builtin[], fixedNow = Date.UTC(2024, 1, 22, 7, 9, 40, 931)) {
  const registry = new Registry()
  registry.add(builtins)
  const variables = new Map<string, Value>()
  const printed: string[] = []
  const unavailable = (): never => {
    throw new Error('not available in this test session')
  }
  const session: Session = {
    registry,
    random: { next: () => 0.5, seed: () => {} },
    now: () => fixedNow,
    call: (fn: FunctionValue, args): Value =>
      fn.variant === 'builtin' ? fn.builtin.call(args, session) : unavailable(),
    print: (t) => void printed.push(t),
    display: (v) => displayValue(v),
    user: 'guest',
    sessionId: 1n,
    variable: (name) => variables.get(name),
    setVariable: (name, v) => void variables.set(name, v),
    removeVariable: (name) => variables.delete(name),
    variableNames: () => [...variables.keys()],
    userFunction: () => undefined,
    userFunctionNames: () => [],
    forgetModules: () => {},
    shared: new Map(),
    service: unavailable,
    hasService: () => false,
    provide: unavailable,
    run: unavailable,
  }
  const call = (name: string, ...args: (Value | undefined)[]): Value => {
    const fn = registry.get(name)
    if (fn === undefined) throw new Error(`no builtin ${name}`)
    return fn.builtin.call(args, session)
  }
  return {
    call,
    show: (name: string, ...args: (Value | undefined)[]): string => displayValue(call(name, ...args)),
    session,
    printed,
  }
}
