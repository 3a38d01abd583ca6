/**
 * What stands behind a UserFunction: the definition and, from the first call on, its JavaScript. Compiling is put off to the first call, so
 * that a library of a thousand functions loads as fast as it parses and a function may call others that are defined after it.
 */
import type { DefStatement, LambdaExpr, Parameter } from '../../lang/ast.ts'
import type { SourceText } from '../../lang/source.ts'
import { HoldfastError } from '../errors.ts'
import type { UserFunction, Value } from '../values/index.ts'
import type { DirectCode, FunctionCell } from './cells.ts'

export type Definition = DefStatement | LambdaExpr

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
  /** Told about the compiled code, so that calls through the cell skip this object. */
  cell: FunctionCell | undefined

  constructor(
    definition: Definition,
    source: SourceText,
    module: string,
    captures: readonly string[],
    compile: (code: UserCode) => DirectCode,
  ) {
    this.definition = definition
    this.source = source
    this.module = module
    this.captures = captures
    this.mutableAt = definition.params.flatMap((p, k) => (p.mutable ? [k] : []))
    this.direct = (...args) => {
      this.direct = compile(this)
      if (this.cell !== undefined) this.cell.direct = this.direct
      return this.direct(...args)
    }
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
