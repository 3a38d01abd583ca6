/**
 * Where names live. A session variable is a Cell that compiled code holds directly, so that reading it costs a property load. A script
 * function is a FunctionCell: compiled calls hold the cell, so that recursion, forward declarations and redefinition work.
 */
import { inputError } from '../errors.ts'
import type { FunctionValue, UserFunction, Value } from '../values/index.ts'
import { box, type Plain } from './plain.ts'
import { userCode } from './user-code.ts'

export class Cell {
  readonly name: string
  /** What it holds, as compiled code left it: a loop of the top level makes no objects of its numbers. */
  plain: Plain | undefined
  constant = false

  constructor(name: string) {
    this.name = name
  }

  get value(): Value | undefined {
    return this.plain === undefined ? undefined : box(this.plain)
  }

  set value(value: Value | undefined) {
    this.plain = value
  }
}

/** What is compiled calls with: one JavaScript argument per captured value, then per parameter; none is undefined. */
export type DirectCode = (...args: Value[]) => Value

/** The same with plain values in and out. */
export type PlainFunction = (...args: Plain[]) => Plain

export class FunctionCell {
  /** As written, with the module path for a function of a module. */
  readonly name: string
  fn: UserFunction | undefined
  /** Entry of `fn`, without arity checks; compiled calls use it after they checked against the declaration. */
  direct: DirectCode
  /** The same with plain values. */
  plain: PlainFunction
  #checks = false

  constructor(name: string) {
    this.name = name
    this.direct = () => {
      throw this.#missing()
    }
    this.plain = this.direct as PlainFunction
  }

  /** Binds a definition. Callers compiled against another number of parameters go through the checks again. */
  bind(fn: UserFunction, checkedCall: (fn: UserFunction, args: Value[]) => Value): void {
    const code = userCode(fn)
    const changed = this.fn !== undefined && this.fn.params.length !== fn.params.length
    if (this.fn !== undefined) userCode(this.fn).cell = undefined
    this.fn = fn
    if (this.#checks || changed) {
      this.#checks = true
      this.direct = (...args) => checkedCall(fn, args)
      this.plain = (...args) => checkedCall(fn, args.map(box))
      return
    }
    this.direct = code.direct
    this.plain = code.plain
    code.cell = this
  }

  /** The function, or the error that it is unknown or only declared. */
  get(): FunctionValue {
    if (this.fn === undefined) throw this.#missing()
    return this.fn
  }

  #missing(): Error {
    return inputError(`Cannot recognize the token ${this.name}`, { code: 'unknownName' })
  }
}
