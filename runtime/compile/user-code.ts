/**
 * What stands behind a UserFunction: the definition and, from the first call on, its JavaScript. Compiling is put off to the first call, so
 * that a library of a thousand functions loads as fast as it parses and a function may call others that are defined after it.
 */
import type { DefStatement, LambdaExpr, Parameter } from '../../lang/ast.ts'
import type { SourceText } from '../../lang/source.ts'
import { HoldfastError } from '../errors.ts'
import type { UserFunction, Value } from '../values/index.ts'
import type { DirectCode, FunctionCell, PlainFunction } from './cells.ts'
import type { CompiledCode } from './emitter.ts'
import { box, type Plain } from './plain.ts'

export type Definition = DefStatement | LambdaExpr

/** Code that was not compiled from a script, as compiled functions are called. */
export const compiledCode = (direct: DirectCode): CompiledCode => ({
  direct,
  plain: (...args) => direct(...args.map(box)),
})

export class UserCode {
  readonly definition: Definition
  readonly source: SourceText
  /** Module whose names the body sees first; empty outside modules. */
  readonly module: string
  /** Positions (among the declared parameters) of mutable parameters. */
  readonly mutableAt: readonly number[]
  /** Names of captured values, in the order of `UserFunction.captured`. */
  readonly captures: readonly string[]
  direct: DirectCode
  /** The same with plain values. */
  plain: PlainFunction
  /** Told about the compiled code, so that calls through the cell skip this object. */
  cell: FunctionCell | undefined

  constructor(
    definition: Definition,
    source: SourceText,
    module: string,
    captures: readonly string[],
    compile: (code: UserCode, first: readonly Plain[]) => CompiledCode,
  ) {
    this.definition = definition
    this.source = source
    this.module = module
    this.captures = captures
    this.mutableAt = definition.params.flatMap((p, k) => (p.mutable ? [k] : []))
    this.direct = (...args) => {
      this.replace(compile(this, args))
      return this.direct(...args)
    }
    this.plain = (...args) => {
      this.replace(compile(this, args))
      return this.plain(...args)
    }
  }

  /** From now on calls run this code. */
  replace(compiled: CompiledCode): void {
    this.direct = compiled.direct
    this.plain = compiled.plain
    if (this.cell === undefined) return
    this.cell.direct = compiled.direct
    this.cell.plain = compiled.plain
  }

  get parameters(): readonly Parameter[] {
    return this.definition.params
  }
}

export function userCode(fn: UserFunction): UserCode {
  if (fn.body instanceof UserCode) return fn.body
  throw new HoldfastError('bug', `function ${fn.name} has no code`)
}

/**
 * Final values of the mutable parameters of the function that returned last, one per position of `mutableAt`. The caller reads them at once and
 * writes them back to its variables: a function may rebind a mutable parameter, not only change it in place.
 */
export const mutableResults: { values: Value[] } = { values: [] }
