/**
 * Callable values. A builtin comes from the registry; a user function from a script; a partial fixes arguments of another function.
 * Everything that calls goes through `Session.call`, which checks arity, applies defaults and keeps the frame chain for errors.
 */
import type { Builtin, Param } from '../registry.ts'
import type { Value } from './scalar.ts'

export type FunctionValue = BuiltinFunction | UserFunction | PartialFunction | BoundOperator

export class BuiltinFunction {
  readonly kind = 'function'
  readonly variant = 'builtin'
  readonly builtin: Builtin

  constructor(builtin: Builtin) {
    this.builtin = builtin
  }
  get name(): string {
    return this.builtin.name
  }
  get params(): readonly Param[] {
    return this.builtin.params
  }
}

/** A `def`, `defg` or lambda. What `body` is belongs to runtime/compile. */
export class UserFunction {
  readonly kind = 'function'
  readonly variant = 'user'
  /** Empty for an anonymous function. */
  readonly name: string
  readonly params: readonly Param[]
  readonly isAggregate: boolean
  /** Source text of the definition, as printed and as shipped to other threads. */
  readonly text: string
  /** Values captured at creation, bound before the declared parameters (closures). */
  readonly captured: readonly Value[]
  readonly body: unknown

  constructor(
    name: string,
    params: readonly Param[],
    isAggregate: boolean,
    text: string,
    captured: readonly Value[],
    body: unknown,
  ) {
    this.name = name
    this.params = params
    this.isAggregate = isAggregate
    this.text = text
    this.captured = captured
    this.body = body
  }
}

/** `f{a,,c}`: `bound[k]` is undefined where the parameter stays free. */
export class PartialFunction {
  readonly kind = 'function'
  readonly variant = 'partial'
  readonly target: FunctionValue
  readonly bound: readonly (Value | undefined)[]

  constructor(target: FunctionValue, bound: readonly (Value | undefined)[]) {
    this.target = target
    this.bound = bound
  }
  get name(): string {
    return this.target.name
  }
  /** The parameters that are still free, in order. */
  get params(): readonly Param[] {
    return this.target.params.filter((_, k) => this.bound[k] === undefined)
  }
}

/** `op:E`, `f:H` as a value: a higher-order builtin with its function fixed; prints as written. */
export class BoundOperator {
  readonly kind = 'function'
  readonly variant = 'suffixed'
  /** Text as written, `+:L`. */
  readonly name: string
  readonly higherOrder: BuiltinFunction
  readonly target: FunctionValue
  readonly assembleRule: string | undefined

  constructor(name: string, higherOrder: BuiltinFunction, target: FunctionValue, assembleRule?: string) {
    this.name = name
    this.higherOrder = higherOrder
    this.target = target
    this.assembleRule = assembleRule
  }
  get params(): readonly Param[] {
    return this.target.params
  }
}
