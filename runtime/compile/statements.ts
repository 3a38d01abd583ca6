/** Statements: syntax to JavaScript statements. Control flow becomes JavaScript's own. */
import type {
  AssignStatement,
  AssignTarget,
  Block,
  Expr,
  ForStatement,
  LoopStatement,
  SettingStatement,
  Statement,
  TransactionStatement,
  TryStatement,
  UndefStatement,
} from '../../lang/ast.ts'
import { HoldfastError, inputError, operatorError, unreachable } from '../errors.ts'
import { Scalar } from '../values/index.ts'
import type { Emitter } from './emitter.ts'
import { emitBound, emitExpr, emitSlots, emitTest, operandTree } from './expressions.ts'
import { emitReturn } from './functions.ts'
import { emitTree, isNumericOp } from './numeric.ts'

export const emitBlock = (em: Emitter, block: Block): string => block.map((s) => emitStatement(em, s)).join('\n')

export function emitStatement(em: Emitter, node: Statement): string {
  return `${em.mark(node.span)} ${emitOrFail(em, node)}`
}

/** What is wrong with a statement is raised when it runs, so that a `try` around it sees it. */
function emitOrFail(em: Emitter, node: Statement): string {
  try {
    return emitAction(em, node)
  } catch (error) {
    if (error instanceof HoldfastError && error.kind === 'input') return `${em.help('fail', em.constant(error))};`
    throw error
  }
}

function emitAction(em: Emitter, node: Statement): string {
  switch (node.kind) {
    case 'expression':
      return `${emitExpr(em, node.expr)};`
    case 'assign':
      return emitAssign(em, node)
    case 'alias':
      return emitAlias(em, node.name, node.source)
    case 'const': {
      const value = emitExpr(em, node.value)
      if (em.inFunction) {
        const binding = em.declareLocal(node.name)
        em.bindings.set(node.name, { ...binding, writable: false })
        return `${binding.js} = ${em.help('own', value)};`
      }
      return `${em.help('defineConstant', em.constant(em.host.cell(node.name)), value)};`
    }
    case 'if': {
      const otherwise = node.otherwise === null ? '' : ` else {\n${emitBlock(em, node.otherwise)}\n}`
      return `if (${emitTest(em, node.condition)}) {\n${emitBlock(em, node.then)}\n}${otherwise}`
    }
    case 'for':
      return emitFor(em, node)
    case 'while':
    case 'doWhile':
      return emitLoop(em, node)
    case 'break':
    case 'continue':
      if (em.loop === undefined) throw inputError(`The statement ${node.kind} stands outside a loop.`)
      return `${node.kind} ${em.loop};`
    case 'return':
      return emitReturnStatement(em, node.value)
    case 'throw':
      return `throw ${em.help('thrown', '$s', emitExpr(em, node.value))};`
    case 'try':
      return emitTry(em, node)
    case 'assert': {
      const subcase = node.subcase === null ? 'undefined' : emitExpr(em, node.subcase)
      return `${em.help('assertThat', '$s', emitExpr(em, node.condition), subcase)};`
    }
    case 'timer': {
      const count =
        node.count === null ? '1' : em.help('wholeNumber', emitExpr(em, node.count), em.constant('The count of timer'))
      const [n, start, k] = [em.temporary(), em.temporary(), em.temporary()]
      const body = `for (${k} = 0; ${k} < ${n}; ${k}++) {\n${emitBlock(em, node.body)}\n}`
      return `${n} = ${count}; ${start} = ${em.help('clock')};\n${body}\n${em.help('elapsed', '$s', start)};`
    }
    case 'share':
      return `${em.help('share', '$s', emitExpr(em, node.value), em.constant(node.name))};`
    case 'undef':
      return emitUndef(em, node)
    case 'def':
      return `${em.help('define', '$s', em.constant(node), em.constant({ source: em.source, module: em.module }))};`
    case 'go':
      return ''
    case 'module':
    case 'use':
    case 'include':
      return `${em.help('library', '$s', em.constant(node))};`
    case 'annotation':
      return node.arguments
        .map((a) => `${em.help('testingCase', '$s', em.constant(`${node.name}_${a.name}`), emitExpr(em, a.value))};`)
        .join(' ')
    case 'commit':
    case 'rollback':
      return `${em.help('commitOrRollback', '$s', em.constant(node.kind))};`
    case 'transaction':
      return emitTransaction(em, node)
    case 'class':
      return `${em.help('defineClass', '$s', em.constant(node), em.constant({ source: em.source, module: em.module }))};`
    case 'mapr':
      return `$s.defineMapr(${em.constant(node)});`
    case 'setting':
      return `${emitSetting(em, node)};`
    case 'checkpoint':
      return `${em.help('checkpoint', '$s', em.constant(node))};`
    default:
      return unreachable(node)
  }
}

/** JavaScript of the statement's value. */
const emitSetting = (em: Emitter, node: SettingStatement): string =>
  em.help('clusterSetting', '$s', em.constant(node), node.value === null ? 'undefined' : emitExpr(em, node.value))

/** JavaScript that ends with the value of a statement that has one, as expressions and SHOW do; undefined for others. */
export function emitStatementValue(em: Emitter, node: Statement): string | undefined {
  if (node.kind === 'expression') return `${em.mark(node.span)} return ${emitExpr(em, node.expr)};`
  if (node.kind === 'setting' && node.action === 'show') return `${em.mark(node.span)} return ${emitSetting(em, node)};`
  return undefined
}

// ---------------------------------------------------------------------------------------------------------------------
// Assignment

const readOnlyVariable = (name: string): Error =>
  operatorError(`Constant variable [${name}] can't be modified.`, { code: 'constant' })

/** JavaScript that stores `code` in the variable. */
function emitStore(em: Emitter, name: string, code: string): string {
  em.learn(name, code)
  let target: string
  const known = em.bindings.get(name)
  if (known !== undefined || em.inFunction) {
    const binding = known ?? em.declareLocal(name)
    if (!binding.writable) throw readOnlyVariable(name)
    target = binding.js
    if (binding.attribute !== undefined)
      return `${target} = ${em.help('rebind', target, em.help('attributeValue', em.constant(binding.attribute), code))};`
  } else {
    const cell = em.host.cell(name)
    if (cell.constant) throw readOnlyVariable(name)
    target = `${em.constant(cell)}.value`
  }
  const constant = em.valueOf(code)
  if (constant === Scalar.VOID) return `${target} = ${em.help('unbind', target, code)};`
  if (constant?.kind === 'scalar') return `${target} = ${code};`
  // The test for scalars stands here rather than in the helper, where V8 learns it for this place.
  const t = em.temporary()
  return `${target} = (${t} = ${code}).kind === "scalar" ? ${t} : ${em.help('rebind', target, t)};`
}

/** JavaScript that reads a variable for a compound assignment. */
const emitRead = (em: Emitter, name: string): string =>
  emitBound(em, name) ??
  `(${em.seesSession ? `${em.constant(em.host.cell(name))}.value ?? ` : ''}${em.help('looseName', '$s', em.constant(name), em.constant(em.module))})`

function emitAssign(em: Emitter, node: AssignStatement): string {
  if (node.targets.length === 1) return emitAssignOne(em, node.targets[0], node.op, node.value)
  const list = em.temporary()
  const values =
    node.value.kind === 'tuple'
      ? em.help(
          'matched',
          `[${node.value.items.map((item) => (item === null ? em.help('nothing') : emitExpr(em, item))).join(', ')}]`,
          String(node.targets.length),
        )
      : em.help('destructure', '$s', emitExpr(em, node.value), String(node.targets.length))
  const stores = node.targets.map((target, k) => {
    const value = `${list}[${k}]`
    return target.kind === 'name' ? emitStore(em, target.name, value) : emitIndexStore(em, target, value, null)
  })
  return `${list} = ${values};\n${stores.join('\n')}`
}

function emitAssignOne(em: Emitter, target: AssignTarget, op: AssignStatement['op'], value: Expr): string {
  if (target.kind === 'index') {
    const t = em.temporary()
    return `${t} = ${emitExpr(em, value)};\n${emitIndexStore(em, target, t, op)}`
  }
  if (op === null) return emitStore(em, target.name, emitExpr(em, value))
  const old = emitRead(em, target.name)
  if (!isNumericOp(op)) return emitStore(em, target.name, em.help(op, old, emitExpr(em, value)))
  const left = { op: undefined, code: old, guess: em.guessOf(target.name) }
  return emitStore(em, target.name, emitTree(em, { op, left, right: operandTree(em, value) }))
}

/** `x[slots] = value`: thaws the variable, writes in place, stores back what the write returns. `value` is evaluated already. */
function emitIndexStore(
  em: Emitter,
  target: Extract<AssignTarget, { kind: 'index' }>,
  value: string,
  op: AssignStatement['op'],
): string {
  const text = em.constant(em.source.slice(target.span))
  const slots = em.temporary()
  const single = target.slots.length === 1 && target.slots[0] !== null
  const slotCode = single ? emitExpr(em, target.slots[0] as Expr) : emitSlots(em, target.slots)
  const write = (object: string): string => {
    const list = single ? `[${slots}]` : slots
    const written = op === null ? value : em.help(op, em.help('index', '$s', object, list), value)
    return single
      ? em.help('setIndex1', '$s', object, slots, written, text)
      : em.help('setIndex', '$s', object, slots, written, text)
  }
  const known = em.bindings.get(target.name)
  let place: string
  if (known !== undefined) {
    if (!known.writable) throw readOnlyVariable(target.name)
    place = known.js
  } else if (em.seesSession) {
    const cell = em.host.cell(target.name)
    if (cell.constant) throw readOnlyVariable(target.name)
    place = `${em.constant(cell)}.value`
  } else {
    // Neither local nor session variable: a shared object, which is changed in place.
    const shared = em.temporary()
    return `${slots} = ${slotCode}; ${shared} = ${emitRead(em, target.name)}; ${write(shared)};`
  }
  const loose = em.temporary()
  const missing = `if (${place} === undefined) { ${loose} = ${emitRead(em, target.name)}; ${write(loose)}; } else`
  const known2 = known?.definite === true ? '' : missing
  // The element is written here, where V8 learns which typed array this place meets.
  const fast =
    single && op === null
      ? `if (${em.help('takes', place, slots, value)}) ${place}.data[${slots}.value] = ${value}.value; else `
      : ''
  return `${slots} = ${slotCode}; ${fast}${known2} { ${place} = ${em.help('writable', place)}; ${place} = ${write(place)}; }`
}

/** Both names hold one object and may change it, until one of them is bound anew. */
function emitAlias(em: Emitter, name: string, source: string): string {
  const from = em.bindings.get(source)
  const fromPlace = from?.js ?? (em.seesSession ? `${em.constant(em.host.cell(source))}.value` : undefined)
  const read = emitRead(em, source)
  const thaw =
    fromPlace === undefined || from?.writable === false
      ? ''
      : `if (${fromPlace} !== undefined) ${fromPlace} = ${em.help('writable', fromPlace)}; `
  if (em.inFunction) return `${thaw}${em.declareLocal(name).js} = ${read};`
  return `${thaw}${em.constant(em.host.cell(name))}.value = ${read};`
}

// ---------------------------------------------------------------------------------------------------------------------
// Loops, return, try

function emitLoopBody(em: Emitter, block: Block, label: string): string {
  const outer = em.loop
  em.loop = label
  const body = emitBlock(em, block)
  em.loop = outer
  // An atomic read costs more than a small body, so it happens every 16th turn; kernels look for themselves.
  return `if ((++$n & 15) === 0) ${em.help('checkInterrupt')};\n${body}`
}

function emitFor(em: Emitter, node: ForStatement): string {
  const label = em.label()
  const [iterator, item] = [em.temporary(), em.temporary()]
  const source = node.source
  const start =
    source.kind === 'range'
      ? em.help('iterateRange', '$s', emitExpr(em, source.from), emitExpr(em, source.to))
      : source.kind === 'pair' && source.lower !== null && source.upper !== null
        ? em.help('iteratePair', '$s', emitExpr(em, source.lower), emitExpr(em, source.upper))
        : em.help('iterate', '$s', emitExpr(em, source))
  const store = emitStore(em, node.variable, item)
  if (source.kind === 'range' || source.kind === 'pair') em.guesses.set(node.variable, 'int')
  const body = emitLoopBody(em, node.body, label)
  return `${iterator} = ${start};\n${label}: while ((${item} = ${iterator}.next()) !== undefined) {\n${store}\n${body}\n}`
}

function emitLoop(em: Emitter, node: LoopStatement): string {
  const label = em.label()
  const body = emitLoopBody(em, node.body, label)
  const condition = emitTest(em, node.condition)
  const mark = em.mark(node.condition.span)
  return node.kind === 'while'
    ? `${label}: while (${condition}) {\n${body}\n${mark}\n}`
    : `${label}: do {\n${body}\n${mark}\n} while (${condition});`
}

function emitReturnStatement(em: Emitter, value: Expr | null): string {
  if (!em.inFunction) throw inputError('The statement return stands outside a function.')
  if (value === null) return emitReturn(em, em.help('nothingReturned'))
  if (value.kind === 'name' && em.bindings.get(value.name)?.local === true && em.sql === undefined)
    return emitReturn(em, em.help('disown', emitExpr(em, value)))
  return emitReturn(em, emitExpr(em, value))
}

function emitTry(em: Emitter, node: TryStatement): string {
  const body = emitBlock(em, node.body)
  const store = emitStore(em, node.variable, em.help('caught', '$x'))
  return `try {\n${body}\n} catch ($x) {\n${store}\n${emitBlock(em, node.handler)}\n}`
}

/** The handler knows of an error; a return or break out of the block is none. */
function emitTransaction(em: Emitter, node: TransactionStatement): string {
  const failed = em.temporary()
  const body = emitBlock(em, node.body)
  const end = em.help('endTransaction', '$s', failed)
  return `${em.help('beginTransaction', '$s')}; ${failed} = false;\ntry {\n${body}\n} catch ($x) { ${failed} = true; throw $x; } finally { ${end}; }`
}

function emitUndef(em: Emitter, node: UndefStatement): string {
  const category = node.category === null ? 'undefined' : emitExpr(em, node.category)
  const names = node.names === null ? 'undefined' : emitExpr(em, node.names)
  const call = `${em.help('undefine', '$s', names, category)};`
  if (!em.inFunction || node.names === null) return call
  // Locals named in the statement are dropped too.
  const drops = [...em.bindings].flatMap(([name, b]) =>
    b.local ? [`if (${em.help('mentions', names, em.constant(name))}) ${b.js} = undefined;`] : [],
  )
  return `${drops.join(' ')} ${call}`
}
