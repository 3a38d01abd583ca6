/**
 * Calls. What is called is settled while compiling where the parser settled it: a builtin is called through its entry, a script function
 * through its cell with one JavaScript argument per parameter. Only a callee that is a value goes through `callValue`.
 *
 * Arguments that a callee changes in place (`append!`, `mutable`) and that are plain variables are thawed first and written back after.
 */
import type { Argument, CallExpr, Expr, HofExpr, InfixExpr, MethodCallExpr, PartialExpr } from '../../lang/ast.ts'
import { inputError, operatorError } from '../errors.ts'
import { arityError, type Builtin, type Param } from '../registry.ts'
import { BuiltinFunction, Scalar } from '../values/index.ts'
import { placeByName, requiredCount } from './call.ts'
import type { FunctionCell } from './cells.ts'
import type { Binding, Emitter, PlainCode } from './emitter.ts'
import { emitExpr, emitFunctionName, emitName, emitSpending } from './expressions.ts'
import { emitFusedChoice } from './fused.ts'
import { missingModule } from './not-there.ts'
import { emitPlain, isStringBuiltin, readBinding, withoutSlot } from './plain-code.ts'
import { HIGHER_ORDER, keepsArguments, returnsPart } from './purity.ts'
import { userCode } from './user-code.ts'

/** An argument in written order: a name if it was given by keyword, null for an empty slot. */
interface Given {
  readonly name: string | null
  readonly expr: Expr | null
  /** Name of a column made from the argument: `table(x as a)`, `table(x)`. */
  readonly label: string | null
}

/** A variable names a column that is made of it, and so does a method that changes the variable: `table(x, y.sort!())`. */
function labelOf(value: Expr | null): string | null {
  if (value?.kind === 'name' || value?.kind === 'member') return value.name
  const changed = value?.kind === 'methodCall' && value.method.kind === 'name' && value.method.name.endsWith('!')
  return changed && value.object.kind === 'name' ? value.object.name : null
}

const given = (args: readonly Argument[]): Given[] =>
  args.map((a) => ({ name: a.name, expr: a.value, label: a.alias ?? labelOf(a.value) }))

const positional = (expr: Expr): Given => ({ name: null, expr, label: expr.kind === 'name' ? expr.name : null })

export function emitCall(em: Emitter, node: CallExpr): string {
  return emitApply(
    em,
    node.callee,
    given(node.args),
    node.args.some((a) => a.alias !== null),
  )
}

/** A call whose result may be plain: of a script function by its name, and of `string` with one argument. */
export function emitPlainCall(em: Emitter, node: CallExpr): PlainCode | undefined {
  if (node.callee.kind !== 'name' || node.args.some((a) => a.alias !== null || a.name !== null || a.value === null))
    return undefined
  const { name } = node.callee
  if (em.method !== undefined || node.callee.binding === 'variable' || isVariable(em, name)) return undefined
  const found = em.host.lookupFunction(name, em.module)
  if (found === undefined) return undefined
  if (found instanceof BuiltinFunction) {
    const text = node.args[0]?.value
    if (!isStringBuiltin(found) || node.args.length !== 1 || text == null) return undefined
    return {
      code: em.help('textP', '$s', em.constant(found.builtin), withoutSlot(em, text)),
      form: 'plain',
      guess: 'string',
    }
  }
  if (found.fn === undefined) return undefined
  return { code: emitUserCall(em, found, found.fn.params, given(node.args)), form: 'plain', guess: undefined }
}

export function emitInfix(em: Emitter, node: InfixExpr): string {
  const operands = [positional(node.left), positional(node.right)]
  const found = node.func.kind === 'name' ? em.host.lookupFunction(node.func.name, em.module) : undefined
  // Operands are read only.
  if (found !== undefined && !(found instanceof BuiltinFunction) && found.fn?.params.some((p) => p.mutable))
    return em.help(
      'fail',
      em.constant(operatorError(`Read only object can't be applied to mutable function ${found.name}`)),
    )
  return emitApply(em, node.func, operands, false)
}

/** `x.f(a)` is f(x, a), unless x is an object or a dictionary with its own f. */
export function emitMethodCall(em: Emitter, node: MethodCallExpr): string {
  const args = [positional(node.object), ...given(node.args)]
  if (node.method.kind !== 'name') return emitApply(em, node.method, args, false)
  const name = node.method.name
  const found = em.host.lookupFunction(name, em.module)
  const own = em.temporary()
  const onName = node.object.kind === 'name'
  const mayBeInstance = em.host.classes.size > 0
  if (found instanceof BuiltinFunction && onName && !mayBeInstance) return emitKnown(em, found, args, false)
  if (found instanceof BuiltinFunction && found.builtin.mutates && !mayBeInstance)
    return emitKnown(em, found, args, false)
  const plain = em.temporary()
  const list = emitArguments(em, args.slice(1))
  const names = args.some((a) => a.name !== null) ? em.constant(args.map((a) => a.name)) : 'undefined'
  if (found === undefined || !onName) {
    const callee = found === undefined ? 'undefined' : emitFunctionName(em, name, false)
    return em.help(
      'method',
      '$s',
      emitExpr(em, node.object),
      em.constant(name),
      em.constant(em.module),
      list,
      names,
      callee,
    )
  }
  // A script function on a plain variable: mutable parameters write back, objects come first.
  return `(${own} = ${emitExpr(em, node.object)}, ${em.help('hasMethod', own, em.constant(name))} ? ${em.help('method', '$s', own, em.constant(name), em.constant(em.module), list, names, 'undefined')} : (${plain} = ${emitKnown(em, found, args, false)}))`
}

function emitApply(em: Emitter, callee: Expr, args: readonly Given[], labelled: boolean): string {
  switch (callee.kind) {
    case 'name': {
      const own = emitOwnMethod(em, callee.name, args)
      if (own !== undefined) return own
      if (callee.binding === 'variable' || (callee.binding === 'free' && isVariable(em, callee.name)))
        return emitDynamic(em, emitName(em, callee), args, callee.name)
      const found = em.host.lookupFunction(callee.name, em.module)
      if (found !== undefined) return emitKnown(em, found, args, labelled)
      return emitDynamic(em, emitName(em, callee), args, callee.name)
    }
    case 'functionRef': {
      const path = callee.path.join('::')
      const found = callee.form === 'root' ? em.host.rootFunction(path) : em.host.lookupFunction(path, em.module)
      if (found !== undefined) return emitKnown(em, found, args, labelled)
      throw inputError(`The function or procedure '${path}' is not defined.`, {
        refId: 'S06004',
        hint: missingModule(callee.path),
      })
    }
    case 'operatorRef': {
      const found = em.host.rootFunction(callee.op)
      if (found !== undefined) return emitKnown(em, found, args, labelled)
      return emitDynamic(em, emitExpr(em, callee), args, undefined)
    }
    case 'member':
      // `obj.f{a}(b)` arrives as a partial; a bare member that is called is a method.
      return emitMethodCall(em, {
        kind: 'methodCall',
        object: callee.object,
        method: { kind: 'name', name: callee.name, binding: 'function', span: callee.span },
        args: args.map((a) => ({ name: a.name, value: a.expr, alias: null, span: callee.span })),
        span: callee.span,
      })
    case 'hof': {
      const groupby = em.host.rootFunction('groupby')
      // Named, so that the columns are called after the variables.
      if (callee.suffixes.length === 1 && callee.suffixes[0].symbol === 'G' && groupby !== undefined)
        return emitKnown(em, groupby, [positional(callee.func), ...args], true)
      return emitDynamic(em, emitExpr(em, callee), args, undefined)
    }
    default:
      return emitDynamic(em, emitExpr(em, callee), args, undefined)
  }
}

/** Inside a method: its class's methods, and the constructor of the base class. */
function emitOwnMethod(em: Emitter, name: string, args: readonly Given[]): string | undefined {
  if (em.method === undefined) return undefined
  const { self, scriptClass } = em.method
  if (scriptClass.base?.name === name)
    return em.help('baseConstructor', '$s', self, em.constant(name), emitArguments(em, args))
  if (scriptClass.method(name) === undefined || name === scriptClass.name) return undefined
  return em.help('ownMethod', '$s', self, em.constant(name), emitArguments(em, args))
}

/** Whether a name that the parser left open is a variable here. */
function isVariable(em: Emitter, name: string): boolean {
  return em.bindings.has(name) || (em.seesSession && em.host.cell(name).value !== undefined)
}

export const emitArguments = (em: Emitter, args: readonly Given[]): string =>
  `[${args.map((a) => (a.expr === null ? 'undefined' : emitExpr(em, a.expr))).join(', ')}]`

// ---------------------------------------------------------------------------------------------------------------------
// Builtins and script functions

function emitKnown(
  em: Emitter,
  found: BuiltinFunction | FunctionCell,
  args: readonly Given[],
  labelled: boolean,
): string {
  if (found instanceof BuiltinFunction) {
    const call = emitBuiltinCall(em, found.builtin, args, labelled)
    if (found.builtin.name !== 'iif' || args.some((a) => a.name !== null)) return call
    return emitFusedChoice(
      em,
      args.map((a) => a.expr),
      call,
    )
  }
  const params = found.fn?.params
  if (params === undefined) return emitDynamic(em, `${em.constant(found)}.get()`, args, found.name)
  return em.help('box', emitUserCall(em, found, params, args))
}

function place(name: string, params: readonly Param[], args: readonly Given[]): (Given | undefined)[] {
  if (args.every((a) => a.name === null)) return [...args]
  return placeByName<Given>(
    name,
    params,
    args,
    args.map((a) => a.name),
  )
}

function emitBuiltinCall(em: Emitter, builtin: Builtin, args: readonly Given[], labelled: boolean): string {
  const placed = place(builtin.name, builtin.params, args)
  const count = placed.length
  if (count < builtin.minArgs || count > builtin.maxArgs)
    return em.help('fail', em.constant(arityError(builtin.name, builtin.minArgs, builtin.maxArgs, count)))
  const keeps = keepsArguments(builtin)
  let before = ''
  let after = ''
  let appended: string | undefined
  let receiver = ''
  let quick = ''
  const codes = placed.map((arg, k) => {
    // `rename!(m, rows, )`: the empty place after the comma says which labels are meant.
    if (arg?.expr === null && k > 0 && builtin.name === 'rename!') return em.constant(Scalar.NOTHING)
    if (arg === undefined || arg.expr === null) return 'undefined'
    if (k === 1 && builtin.name === 'append!') appended = em.temporary()
    if (k === builtin.mutatedAt && builtin.mutates) {
      const target = variableOf(em, arg.expr)
      if (target === undefined) return em.help('writable', emitExpr(em, arg.expr))
      if (!target.writable) return em.help('readOnly', em.constant(builtin.name), readBinding(em, target))
      before = thaw(em, target)
      receiver = target.js
      return target.js
    }
    if (k === builtin.mutatedAt && builtin.mutatesWith !== undefined && placed[builtin.mutatesWith]?.expr != null) {
      const target = variableOf(em, arg.expr)
      if (target?.writable === true) {
        before = thaw(em, target)
        return target.js
      }
    }
    if (k === 0 && HIGHER_ORDER.has(builtin.name)) return emitFunctionArgument(em, arg.expr)
    if (k === 1 && appended !== undefined && before !== '' && em.writesOut && em.sql === undefined) {
      const slot = em.slot()
      const piece = em.temporary()
      quick = emitQuickAppend(em, receiver, piece, emitPlain(em, arg.expr, slot), slot)
      const value = em.help('boxSlot', piece, slot)
      before = `${appended} = ${keeps ? em.help('keep', value) : value}, ${before}, ${receiver} = ${em.help('adopted', receiver, appended)}`
      return appended
    }
    const code = emitExpr(em, arg.expr)
    const kept = keeps && arg.expr.kind === 'name' ? em.help(builtin.name === 'partial' ? 'hold' : 'keep', code) : code
    if (k !== 1 || appended === undefined) return kept
    if (before === '') return kept
    // What is appended decides what an empty [] becomes, so it is evaluated first.
    before = `${appended} = ${kept}, ${before}, ${receiver} = ${em.help('adopted', receiver, appended)}`
    return appended
  })
  for (let k = codes.length; k < builtin.params.length; k++) if (!builtin.params[k].rest) codes.push('undefined')
  const missing = builtin.params.findIndex(
    (p, k) => k < builtin.minArgs && codes[k] === 'undefined' && !p.optional && !p.rest,
  )
  if (missing >= 0)
    return em.help(
      'fail',
      em.constant(
        inputError(`The function [${builtin.name}] needs a value for the parameter ${builtin.params[missing].name}.`, {
          code: 'arity',
        }),
      ),
    )
  const takesLabels = labelled || LABELLED.has(builtin.name)
  const list = takesLabels
    ? em.help(
        'labelled',
        `[${codes.join(', ')}]`,
        builtin.name === 'groupby' ? emitNames(em, args) : em.constant(args.map(label)),
      )
    : `[${codes.join(', ')}]`
  let call =
    appended !== undefined && codes.length === 2
      ? em.help('append', '$s', em.constant(builtin), codes[0], codes[1])
      : builtin.kind === 'general' || takesLabels
        ? em.help('callDirect', '$s', em.constant(builtin), list)
        : emitSpending(
            em,
            placed.map((a) => a?.expr),
            codes,
            (kept) => em.help('callDirect', '$s', em.constant(builtin), `[${kept.join(', ')}]`),
          )
  if (returnsPart(builtin)) call = em.help('part', call)
  if (before === '') return call
  const result = em.temporary()
  after = `, ${result}`
  const slow = `(${before}, ${result} = ${call}${after})`
  return quick === '' ? slow : `(${quick}${slow})`
}

/** A scalar at the end of a vector is one store, where V8 learns which typed array this place meets. */
function emitQuickAppend(em: Emitter, vector: string, piece: string, given: PlainCode, slot: string): string {
  const room = `(${vector}.length < ${vector}.data.length || ${em.help('grown', vector)})`
  const store = (takes: string, value: string): string =>
    `${takes} && ${room} ? (${vector}.data[${vector}.length++] = ${value}, ${vector}) : `
  const inSlot =
    given.form === 'inSlot' ? store(`${piece} === null && ${em.help('takesDoubleAtEnd', vector)}`, slot) : ''
  const other = store(em.help('takesAtEnd', vector, piece), em.help('rawP', piece))
  return `${piece} = ${given.form === 'value' ? em.help('plain', given.code) : given.code}, ${inSlot}${other}`
}

const label = (a: Given): string | null => a.label

/** The variable, or those of a tuple of variables: groupby(wavg, [price, qty], [sym, day]). */
function names(a: Given): string | null {
  if (a.expr?.kind !== 'vector' && a.expr?.kind !== 'tuple') return a.label ?? columnNamed(a.expr)
  return a.expr.items.map((item) => (item?.kind === 'name' ? item.name : (columnNamed(item) ?? ''))).join(',')
}

/** The names of arguments; the one that `t[c]` picks by a variable is known when it runs. */
function emitNames(em: Emitter, args: readonly Given[]): string {
  const chosen = args.map((a) => {
    const slot = a.expr?.kind === 'index' && a.expr.object.kind === 'name' ? a.expr.slots[0] : null
    return slot?.kind === 'name' && names(a) === null ? slot : undefined
  })
  if (chosen.every((slot) => slot === undefined)) return em.constant(args.map(names))
  const codes = chosen.map((slot, k) =>
    slot === undefined ? em.constant(names(args[k])) : em.help('columnLabel', emitName(em, slot)),
  )
  return `[${codes.join(', ')}]`
}

/** The column that an expression picks from a variable: `t.price`, ``t[`price]``. */
function columnNamed(expr: Expr | null): string | null {
  if (expr?.kind === 'member' && expr.object.kind === 'name') return expr.name
  const slot = expr?.kind === 'index' && expr.object.kind === 'name' && expr.slots.length === 1 ? expr.slots[0] : null
  return slot?.kind === 'literal' && typeof slot.value === 'string' ? slot.value : null
}

/** Builtins that name columns after the variables passed to them. */
const LABELLED = new Set([
  'table',
  'keyedTable',
  'indexedTable',
  'mvccTable',
  'latestKeyedTable',
  'latestIndexedTable',
  'cachedTable',
  'streamTable',
  'matrix',
  'toJson',
  'stat',
  'ej',
  'sej',
  'groupby',
  'lj',
  'lsj',
  'fj',
  'aj',
  'wj',
  'pwj',
  'cj',
  'pj',
])

/** The first argument of a higher-order function is a function even if a variable of that name exists. */
function emitFunctionArgument(em: Emitter, expr: Expr): string {
  if (expr.kind === 'name' && em.host.lookupFunction(expr.name, em.module) !== undefined) {
    const local = em.bindings.get(expr.name)
    // A parameter that happens to be called like a builtin is what the author meant.
    if (local === undefined || local.local) return emitFunctionName(em, expr.name, false)
  }
  return emitExpr(em, expr)
}

/** Of the plain form: arguments and result may be plain. */
function emitUserCall(em: Emitter, cell: FunctionCell, params: readonly Param[], args: readonly Given[]): string {
  const placed = place(cell.name, params, args)
  const required = requiredCount(params)
  if (placed.length < required || placed.length > params.length)
    return em.help('fail', em.constant(arityError(cell.name, required, params.length, placed.length)))
  const code = cell.fn === undefined ? undefined : userCode(cell.fn)
  const codes: string[] = []
  const thaws: string[] = []
  const backs: string[] = []
  for (let k = 0; k < params.length; k++) {
    const expr = placed[k]?.expr ?? null
    if (expr === null) {
      codes.push(params[k].defaultValue === undefined ? em.help('nothing') : em.value(params[k].defaultValue!))
      continue
    }
    const n = code?.mutableAt.indexOf(k) ?? -1
    if (n < 0) {
      codes.push(withoutSlot(em, expr))
      continue
    }
    const target = variableOf(em, expr)
    if (target === undefined) codes.push(em.help('writable', emitExpr(em, expr)))
    else if (!target.writable) codes.push(em.help('readOnly', em.constant(cell.name), readBinding(em, target)))
    else {
      thaws.push(thaw(em, target))
      codes.push(target.js)
      backs.push(em.help('finalValue', String(n)).replace(/^/, `${target.js} = `))
    }
  }
  const call = `${em.constant(cell)}.plain(${codes.join(', ')})`
  if (thaws.length === 0 && backs.length === 0) return call
  const result = em.temporary()
  return `(${[...thaws, `${result} = ${call}`, ...backs, result].join(', ')})`
}

// ---------------------------------------------------------------------------------------------------------------------
// Callees that are values

function emitDynamic(em: Emitter, callee: string, args: readonly Given[], name: string | undefined): string {
  const list = em.temporary()
  const keywords = args.some((a) => a.name !== null)
  const backs = keywords
    ? []
    : args.flatMap((a, k) => {
        const target = a.expr === null ? undefined : variableOf(em, a.expr)
        return target?.writable === true ? [`${target.js} = ${list}[${k}]`] : []
      })
  const names = keywords ? em.constant(args.map((a) => a.name)) : 'undefined'
  const fallback = name === undefined ? 'undefined' : em.constant(name)
  const argumentList = emitArguments(em, args)
  if (backs.length === 0) return em.help('callAny', '$s', callee, argumentList, names, fallback)
  const result = em.temporary()
  const call = em.help('callAny', '$s', callee, `${list} = ${argumentList}`, names, fallback)
  return `(${[`${result} = ${call}`, ...backs, result].join(', ')})`
}

// ---------------------------------------------------------------------------------------------------------------------
// Variables that a callee may change

export type Variable = Pick<Binding, 'js' | 'writable' | 'plain'>

/** The variable that an expression is, undefined for anything else. */
export function variableOf(em: Emitter, expr: Expr): Variable | undefined {
  if (expr.kind !== 'name') return undefined
  const local = em.bindings.get(expr.name)
  if (local !== undefined) return local
  if (!em.seesSession || em.sql !== undefined || expr.binding === 'function') return undefined
  const cell = em.host.cell(expr.name)
  if (cell.value === undefined && expr.binding !== 'variable') return undefined
  return { js: `${em.constant(cell)}.value`, writable: !cell.constant }
}

/** Stores an unfrozen copy in the variable if what it holds has other owners. A variable without a value may be a shared object. */
const thaw = (em: Emitter, target: Variable): string => `${target.js} = ${em.help('writable', readBinding(em, target))}`

// ---------------------------------------------------------------------------------------------------------------------
// Functions made from functions

export function emitPartial(em: Emitter, node: PartialExpr): string {
  const args = given(node.args)
  const func = node.func
  const ofFunction = func.kind === 'name' && func.binding !== 'variable' && HIGHER_ORDER.has(func.name)
  const fixed = args.map((a, k) => {
    if (a.expr === null) return 'undefined'
    return k === 0 && ofFunction ? emitFunctionArgument(em, a.expr) : em.help('hold', emitExpr(em, a.expr))
  })
  const names = args.some((a) => a.name !== null) ? em.constant(args.map((a) => a.name)) : 'undefined'
  if (func.kind === 'member') {
    const callee =
      em.host.lookupFunction(func.name, em.module) === undefined ? 'undefined' : emitFunctionName(em, func.name, false)
    return em.help(
      'boundMethod',
      '$s',
      emitExpr(em, func.object),
      em.constant(func.name),
      `[${fixed.join(', ')}]`,
      callee,
    )
  }
  return em.help('partial', '$s', emitCallee(em, func), `[${fixed.join(', ')}]`, names)
}

/** `f:E`: the function with its higher-order suffixes. */
export function emitSuffixed(em: Emitter, node: HofExpr): string {
  return em.help('suffixed', '$s', emitCallee(em, node.func), em.constant(node.suffixes))
}

function emitCallee(em: Emitter, func: Expr): string {
  return func.kind === 'name' && func.binding === 'function'
    ? emitFunctionName(em, func.name, false)
    : emitExpr(em, func)
}
