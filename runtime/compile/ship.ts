/**
 * Functions on their way to another thread: the definition's syntax, its text, and every script function that it can reach by name, all plain
 * data. Captured and fixed values are passed through `inner`, because how a value crosses is the business of values/transfer.ts.
 */
import { SourceText } from '../../lang/source.ts'
import { HoldfastError, inputError } from '../errors.ts'
import {
  BoundOperator,
  BuiltinFunction,
  type FunctionValue,
  PartialFunction,
  type UserFunction,
  type Value,
} from '../values/index.ts'
import { DEFAULT_MARK } from './constants.ts'
import { makeFunction } from './functions.ts'
import type { Host } from './host.ts'
import { type Definition, userCode } from './user-code.ts'
import { walk } from './walk.ts'

interface ShippedDefinition {
  readonly definition: Definition
  readonly module: string
  readonly sourceName: string
  /** The whole source, so that errors on the other side have lines. */
  readonly sourceText: string
}

/** Structured-clonable as far as `E`, the form of nested values, is. */
export type ShippedFunction<E = unknown> =
  | { readonly variant: 'builtin'; readonly name: string }
  | {
      readonly variant: 'user'
      readonly root: ShippedDefinition
      readonly captured: readonly E[]
      /** Script functions reached from the root, under their qualified names. */
      readonly reached: readonly (readonly [string, ShippedDefinition])[]
    }
  | {
      readonly variant: 'partial'
      readonly target: ShippedFunction<E>
      readonly bound: readonly ({ readonly value: E } | 'free' | 'default')[]
    }
  | {
      readonly variant: 'suffixed'
      readonly name: string
      readonly higherOrder: string
      readonly target: ShippedFunction<E>
      readonly rule: string | undefined
    }

export function shipFunction<E>(fn: FunctionValue, host: Host, inner: (value: Value) => E): ShippedFunction<E> {
  switch (fn.variant) {
    case 'builtin':
      return { variant: 'builtin', name: fn.name }
    case 'user':
      return shipUser(fn, host, inner)
    case 'partial':
      return {
        variant: 'partial',
        target: shipFunction(fn.target, host, inner),
        bound: fn.bound.map((v) => (v === undefined ? 'free' : v === DEFAULT_MARK ? 'default' : { value: inner(v) })),
      }
    case 'suffixed':
      return {
        variant: 'suffixed',
        name: fn.name,
        higherOrder: fn.higherOrder.name,
        target: shipFunction(fn.target, host, inner),
        rule: fn.assembleRule,
      }
  }
}

function shipDefinition(fn: UserFunction): ShippedDefinition {
  const code = userCode(fn)
  return {
    definition: code.definition,
    module: code.module,
    sourceName: code.source.name,
    sourceText: code.source.text,
  }
}

function shipUser<E>(fn: UserFunction, host: Host, inner: (value: Value) => E): ShippedFunction<E> {
  const reached = new Map<string, ShippedDefinition>()
  const visit = (from: UserFunction): void => {
    const { module, definition } = userCode(from)
    for (const name of calledNames(definition)) {
      const found = host.lookupFunction(name, module)
      if (found === undefined || found instanceof BuiltinFunction || found.fn === undefined) continue
      if (reached.has(found.name)) continue
      reached.set(found.name, shipDefinition(found.fn))
      visit(found.fn)
    }
  }
  visit(fn)
  // A named function is itself in the list, so that it can call itself.
  if (fn.name !== '' && host.userFunction(fn.name) === fn) reached.set(fn.name, shipDefinition(fn))
  return { variant: 'user', root: shipDefinition(fn), captured: fn.captured.map(inner), reached: [...reached] }
}

/** Every name that may be a function: a superset does no harm. */
function calledNames(definition: Definition): Set<string> {
  const names = new Set<string>()
  walk(definition.body, (node) => {
    if (node.kind === 'name') names.add((node as unknown as { name: string }).name)
    else if (node.kind === 'functionRef') names.add((node as unknown as { path: string[] }).path.join('::'))
    else if (node.kind === 'member') names.add((node as unknown as { name: string }).name)
    return true
  })
  return names
}

export function receiveFunction<E>(shipped: ShippedFunction<E>, host: Host, inner: (form: E) => Value): FunctionValue {
  switch (shipped.variant) {
    case 'builtin':
      return builtinNamed(host, shipped.name)
    case 'user': {
      const sources = new Map<string, SourceText>()
      for (const [name, definition] of shipped.reached) {
        const cell = host.functionCell(name)
        const fn = restore(host, definition, [], sources)
        cell.bind(fn, (f, args) => host.call(f, args))
      }
      const { definition } = shipped.root
      const own = definition.kind === 'def' ? host.userFunction(definition.name) : undefined
      return own ?? restore(host, shipped.root, shipped.captured.map(inner), sources)
    }
    case 'partial':
      return new PartialFunction(
        receiveFunction(shipped.target, host, inner),
        shipped.bound.map((b) => (b === 'free' ? undefined : b === 'default' ? DEFAULT_MARK : inner(b.value))),
      )
    case 'suffixed':
      return new BoundOperator(
        shipped.name,
        builtinNamed(host, shipped.higherOrder),
        receiveFunction(shipped.target, host, inner),
        shipped.rule,
      )
  }
}

function restore(
  host: Host,
  d: ShippedDefinition,
  captured: readonly Value[],
  sources: Map<string, SourceText>,
): UserFunction {
  let source = sources.get(d.sourceText)
  if (source === undefined) {
    source = new SourceText(d.sourceText, d.sourceName)
    sources.set(d.sourceText, source)
  }
  if (d.definition === undefined) throw new HoldfastError('bug', 'a function arrived without its definition')
  return makeFunction(host, d.definition, { source, module: d.module }, captured)
}

function builtinNamed(host: Host, name: string): BuiltinFunction {
  const found = host.registry.get(name)
  if (found === undefined) throw inputError(`The function or procedure '${name}' is not defined.`, { refId: 'S06004' })
  return found
}
