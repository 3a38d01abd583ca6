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
import type { Emitter, PlainCode } from './emitter.ts'
import { emitBound, emitExpr, emitSlots, emitTest, operandTree } from './expressions.ts'
import { emitReturn } from './functions.ts'
import { addedTo } from './locals.ts'
import { emitTree, isNumericOp, type Leaf, nameLeaf } from './numeric.ts'
import { TAIL_LENGTH } from './plain.ts'
import { elementCode, emitPlain, plainest, readBinding, toValue, withoutSlot } from './plain-code.ts'

export const emitBlock = (em: Emitter, block: Block): string => block.map((s) => emitStatement(em, s)).join('\n')

export function emitStatement(em: Emitter, node: Statement): string {
  return `${em.mark(node.span)} ${emitOrFail(em, node)}`
}

/** A block that may not run, or not to its end: what it assigns is not known to be assigned after it. */
function emitBranch(em: Emitter, block: Block): [code: string, assigned: ReadonlySet<string>] {
  const before = em.assigned
  em.assigned = new Set(before)
  const code = emitBlock(em, block)
  const after = em.assigned
  em.assigned = before
  return [code, after]
}

const LEAVING: ReadonlySet<string> = new Set(['return', 'throw', 'break', 'continue'])
/** Whether nothing after the block runs when it has run. */
const leaves = (block: Block): boolean => block.length > 0 && LEAVING.has(block[block.length - 1].kind)

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
      const otherwise = node.otherwise
      const test = emitTest(em, node.condition)
      const [then, afterThen] = emitBranch(em, node.then)
      if (otherwise === null) return `if (${test}) {\n${then}\n}`
      const [other, afterOther] = emitBranch(em, otherwise)
      for (const name of leaves(node.then) ? afterOther : afterThen)
        if (leaves(node.then) || leaves(otherwise) || afterOther.has(name)) em.assigned.add(name)
      return `if (${test}) {\n${then}\n} else {\n${other}\n}`
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
      const body = `for (${k} = 0; ${k} < ${n}; ${k}++) {\n${emitBranch(em, node.body)[0]}\n}`
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

const asValue = (code: string): PlainCode => ({ code, form: 'value', guess: undefined })

/** JavaScript that stores what `given` gives in the variable, and lets go of the memory that it held, or leaves it alone. */
function emitStore(em: Emitter, name: string, given: PlainCode, bind: 'rebind' | 'replace' = 'rebind'): string {
  em.learn(name, given)
  const known = em.bindings.get(name)
  if (known === undefined && !em.inFunction) {
    const cell = em.host.cell(name)
    if (cell.constant) throw readOnlyVariable(name)
    return emitStorePlain(em, `${em.constant(cell)}.plain`, given, bind)
  }
  const binding = known ?? em.declareLocal(name)
  if (!binding.writable) throw readOnlyVariable(name)
  em.assigned.add(name)
  const target = binding.js
  if (binding.plain !== undefined) {
    const { slot, tail } = binding.plain
    return `${emitStorePlain(em, target, given, bind, slot)}${tail === undefined ? '' : ` ${tail} = "";`}`
  }
  const code = toValue(em, given)
  if (binding.attribute !== undefined)
    return `${target} = ${em.help(bind, target, em.help('attributeValue', em.constant(binding.attribute), code))};`
  const constant = em.valueOf(code)
  if (constant === Scalar.VOID && bind === 'rebind') return `${target} = ${em.help('unbind', target, code)};`
  if (constant?.kind === 'scalar') return `${target} = ${code};`
  // The test for scalars stands here rather than in the helper, where V8 learns it for this place.
  const t = em.temporary()
  return `${target} = (${t} = ${code}).kind === "scalar" ? ${t} : ${em.help(bind, target, t)};`
}

/** Code that gives a plain value and nothing else. */
const IS_PLAIN = /^(\(-?\d+\)|-?\d+n|true|false|k\d+|c\d+)$/
/** A DOUBLE of the script's text on its way into the slot. */
const IS_NUMBER = /^\((d\d+ = [^ ,;]+), null\)$/

/** Into a variable that may be plain: only what is still an object needs a look. */
function emitStorePlain(
  em: Emitter,
  target: string,
  given: PlainCode,
  bind: 'rebind' | 'replace',
  slot?: string,
): string {
  const { code, form } = given
  if (em.valueOf(code) === Scalar.VOID && bind === 'rebind') return `${target} = ${em.help('unbind', target, code)};`
  if (form === 'plain' && IS_PLAIN.test(code)) return `${target} = ${code};`
  const number = form === 'inSlot' ? IS_NUMBER.exec(code) : null
  if (number !== null) return `${number[1]}; ${target} = null;`
  const t = em.temporary()
  const value = form === 'value' ? em.help('plain', code) : code
  const other = em.help(bind, target, t)
  // Code that was given the slot has put a DOUBLE there.
  if (form === 'inSlot') return `${target} = typeof (${t} = ${value}) !== "object" || ${t} === null ? ${t} : ${other};`
  const intoSlot = slot === undefined ? '' : `${em.help('isDouble', t)} ? (${slot} = ${t}.value, null) : `
  return `${target} = typeof (${t} = ${value}) !== "object" ? ${t} : ${intoSlot}${other};`
}

/** JavaScript that reads a variable for a compound assignment. */
const emitRead = (em: Emitter, name: string): string =>
  emitBound(em, name) ??
  `(${em.seesSession ? `${em.constant(em.host.cell(name))}.value ?? ` : ''}${em.help('looseName', '$s', em.constant(name), em.constant(em.module))})`

/** The slot of a variable, for code that is to be stored in it. */
const slotOf = (em: Emitter, name: string): string | undefined =>
  (em.bindings.get(name) ?? (em.inFunction ? em.declareLocal(name) : undefined))?.plain?.slot

function emitAssign(em: Emitter, node: AssignStatement): string {
  const added = emitAdded(em, node)
  if (added !== undefined) return added
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
    return target.kind === 'name'
      ? // What one variable held may be what the next one gets: `a, b = b, a`.
        emitStore(em, target.name, asValue(value), 'replace')
      : emitIndexStore(em, target, asValue(value), null)
  })
  return `${list} = ${values};\n${stores.join('\n')}`
}

function emitAssignOne(em: Emitter, target: AssignTarget, op: AssignStatement['op'], value: Expr): string {
  if (target.kind === 'index') {
    const t = em.temporary()
    const slot = op === null ? em.slot() : undefined
    const given = emitPlain(em, value, slot)
    const held = given.form === 'value' ? em.help('plain', given.code) : given.code
    return `${t} = ${held};\n${emitIndexStore(em, target, { ...given, code: t }, op, slot)}`
  }
  const slot = slotOf(em, target.name)
  if (op === null) return emitStore(em, target.name, emitPlain(em, value, slot))
  if (!isNumericOp(op))
    return emitStore(em, target.name, asValue(em.help(op, emitRead(em, target.name), emitExpr(em, value))))
  const left = compoundLeaf(em, target.name)
  return emitStore(em, target.name, emitTree(em, { op, left, right: operandTree(em, value) }, slot))
}

/** Adding to a text: the piece goes to its tail. */
function emitAdded(em: Emitter, node: AssignStatement): string | undefined {
  const { name } = node.targets[0]
  const binding = em.bindings.get(name)
  const tail = binding?.plain?.tail
  if (binding === undefined || tail === undefined || !binding.writable || em.sql !== undefined || !em.isAssigned(name))
    return undefined
  const piece = addedTo(node)
  if (piece === undefined || node.targets[0].kind !== 'name') return undefined
  const { js } = binding
  const t = em.temporary()
  const test = `typeof (${t} = ${plainest(em, piece)}) === "string" && typeof ${js} === "string"`
  const full = `${js} = ${em.help('joined', js, tail)}; ${tail} = "";`
  const general: PlainCode = { code: em.help('addP', withoutSlot(em, nameOf(name)), t), form: 'plain', guess: 'string' }
  return `if (${test}) { if ((${tail} += ${t}).length > ${TAIL_LENGTH}) { ${full} } } else { ${emitStore(em, name, general)} }`
}

const nameOf = (name: string): Expr => ({ kind: 'name', name, binding: 'variable', span: { start: 0, end: 0 } })

function compoundLeaf(em: Emitter, name: string): Leaf {
  const local = em.writesOut ? nameLeaf(em, name) : undefined
  if (local !== undefined) return local
  const given: PlainCode =
    em.writesOut && em.seesSession && !em.bindings.has(name) ? emitPlain(em, nameOf(name)) : asValue(emitRead(em, name))
  return { op: undefined, given, slot: undefined, isLocal: false }
}

/** `x[slots] = value`: thaws the variable, writes in place, stores back what the write returns. `given` is a name: the value is evaluated already. */
function emitIndexStore(
  em: Emitter,
  target: Extract<AssignTarget, { kind: 'index' }>,
  given: PlainCode,
  op: AssignStatement['op'],
  slot?: string,
): string {
  const text = em.constant(em.source.slice(target.span))
  const slots = em.temporary()
  const single = target.slots.length === 1 && target.slots[0] !== null
  const lastCode = single ? plainest(em, target.slots[0] as Expr) : emitSlots(em, target.slots)
  const boxedValue =
    given.form === 'inSlot' && slot !== undefined ? em.help('boxSlot', given.code, slot) : em.help('box', given.code)
  // `x[i][j] = value` stores what `x[i]` becomes.
  const path = (target.path ?? []).map((list) => ({ at: em.temporary(), code: emitSlots(em, list) }))
  const write = (object: string): string => writeAt(object, path)
  const writeAt = (object: string, steps: typeof path): string => {
    if (steps.length > 0) {
      const part = em.temporary()
      const { at } = steps[0]
      const inner = em.help('writable', em.help('index', '$s', object, at))
      return `(${part} = ${inner}, ${em.help('setIndex', '$s', object, at, writeAt(part, steps.slice(1)), text)})`
    }
    const at = em.help('box', slots)
    const list = single ? `[${at}]` : slots
    const written = op === null ? boxedValue : em.help(op, em.help('index', '$s', object, list), boxedValue)
    return single
      ? em.help('setIndex1', '$s', object, at, written, text)
      : em.help('setIndex', '$s', object, slots, written, text)
  }
  const slotCode = path.length === 0 ? lastCode : `(${path.map((p) => `${p.at} = ${p.code}`).join(', ')}, ${lastCode})`
  const known = em.bindings.get(target.name)
  let place: string
  let read: string
  if (known !== undefined) {
    if (!known.writable) throw readOnlyVariable(target.name)
    place = known.js
    read = readBinding(em, known)
  } else if (em.seesSession) {
    const cell = em.host.cell(target.name)
    if (cell.constant) throw readOnlyVariable(target.name)
    place = `${em.constant(cell)}.plain`
    read = em.help('box', place)
  } else {
    // Neither local nor session variable: a shared object, which is changed in place.
    const shared = em.temporary()
    return `${slots} = ${slotCode}; ${shared} = ${emitRead(em, target.name)}; ${write(shared)};`
  }
  const loose = em.temporary()
  const missing = `if (${place} === undefined) { ${loose} = ${emitRead(em, target.name)}; ${write(loose)}; } else`
  const known2 = known !== undefined && em.isAssigned(target.name) ? '' : missing
  // The element is written here, where V8 learns which typed array this place meets.
  const element = `${place}.data[${slots}]`
  const takes = `if (${em.help('takesP', place, slots, given.code)}) ${element} = ${em.help('rawP', given.code)}; else `
  const takesDouble =
    given.form === 'inSlot' && slot !== undefined
      ? `if (${given.code} === null && ${em.help('takesDouble', place, slots)}) ${element} = ${slot}; else `
      : ''
  const fast = single && op === null && path.length === 0 ? takesDouble + takes : ''
  return `${slots} = ${slotCode}; ${fast}${known2} { ${place} = ${em.help('writable', read)}; ${place} = ${write(place)}; }`
}

/** Both names hold one object and may change it, until one of them is bound anew. */
function emitAlias(em: Emitter, name: string, source: string): string {
  const from = em.bindings.get(source)
  const fromPlace = from?.js ?? (em.seesSession ? `${em.constant(em.host.cell(source))}.plain` : undefined)
  const read = emitRead(em, source)
  const thaw =
    fromPlace === undefined || from?.writable === false
      ? ''
      : `if (${fromPlace} !== undefined) ${fromPlace} = ${em.help('writable', em.help('box', fromPlace))}; `
  if (em.inFunction) return `${thaw}${em.declareLocal(name).js} = ${read};`
  return `${thaw}${em.constant(em.host.cell(name))}.plain = ${read};`
}

// ---------------------------------------------------------------------------------------------------------------------
// Loops, return, try

function emitLoopBody(em: Emitter, block: Block, label: string): string {
  const outer = em.loop
  em.loop = label
  const [body] = emitBranch(em, block)
  em.loop = outer
  // An atomic read costs more than a small body, so it happens every 16th turn; kernels look for themselves.
  return `if (($n = $n + 1 & 15) === 0) ${em.help('checkInterrupt')};\n${body}`
}

function emitFor(em: Emitter, node: ForStatement): string {
  const { source } = node
  if (source.kind === 'range') return emitCounted(em, node, source.from, source.to, 'iterateRange')
  if (source.kind === 'pair' && source.lower !== null && source.upper !== null)
    return emitCounted(em, node, source.lower, source.upper, 'iteratePair')
  return emitWalk(em, node)
}

/** Over whatever there is; elements of typed vectors are read in the code. */
function emitWalk(em: Emitter, node: ForStatement): string {
  const label = em.label()
  const [walked, iterator, item] = [em.temporary(), em.temporary(), em.temporary()]
  const [at, end] = [em.counter(), em.counter()]
  const isVector = em.writesOut ? em.help('walks', walked) : 'false'
  const start =
    `${walked} = ${emitExpr(em, node.source)}; if (${isVector}) { ${iterator} = null; ${at} = 0; ${end} = ${walked}.length; }` +
    ` else ${iterator} = ${em.help('iterate', '$s', walked)};`
  const before = new Set(em.assigned)
  const slot = slotOf(em, node.variable)
  const element = emitStore(em, node.variable, elementCode(em, walked, at, slot))
  const iterated = emitStore(em, node.variable, asValue(item))
  const next =
    `if (${iterator} === null) { if (${at} === ${end}) break; ${element} ${at} = ${at} + 1; }` +
    ` else { if ((${item} = ${iterator}.next()) === undefined) break; ${iterated} }`
  const body = emitLoopBody(em, node.body, label)
  em.assigned = before
  return `${start}\n${label}: for (;;) {\n${next}\n${body}\n}`
}

/** Two INTs are counted through in the code; ends of any other type give an iteration. */
function emitCounted(
  em: Emitter,
  node: ForStatement,
  first: Expr,
  last: Expr,
  iterate: 'iterateRange' | 'iteratePair',
): string {
  const label = em.label()
  const [a, b, iterator, item] = [em.temporary(), em.temporary(), em.temporary(), em.temporary()]
  const [at, end, step] = [em.counter(), em.counter(), em.counter()]
  const ends = `${a} = ${plainest(em, first)}; ${b} = ${plainest(em, last)};`
  const up = `${step} = ${a} <= ${b} ? 1 : -1;`
  const from =
    iterate === 'iterateRange'
      ? `${at} = ${a}; ${end} = ${b} + ${step};`
      : `if (${step} === 1) { ${at} = ${a}; ${end} = ${b}; } else { ${at} = ${a} - 1; ${end} = ${b} - 1; }`
  const general = `${iterator} = ${em.help(iterate, '$s', em.help('box', a), em.help('box', b))};`
  const both = em.writesOut ? `typeof ${a} === "number" && typeof ${b} === "number"` : 'false'
  const start = `${ends} if (${both}) { ${iterator} = null; ${up} ${from} } else ${general}`
  const before = new Set(em.assigned)
  const counted = emitStore(em, node.variable, { code: at, form: 'plain', guess: 'int' })
  const iterated = emitStore(em, node.variable, asValue(item))
  em.guesses.set(node.variable, 'int')
  const next =
    `if (${iterator} === null) { if (${at} === ${end}) break; ${counted} ${at} = ${at} + ${step}; }` +
    ` else { if ((${item} = ${iterator}.next()) === undefined) break; ${iterated} }`
  const body = emitLoopBody(em, node.body, label)
  em.assigned = before
  return `${start}\n${label}: for (;;) {\n${next}\n${body}\n}`
}

function emitLoop(em: Emitter, node: LoopStatement): string {
  const label = em.label()
  const before = new Set(em.assigned)
  const body = emitLoopBody(em, node.body, label)
  em.assigned = before
  const condition = emitTest(em, node.condition)
  const mark = em.mark(node.condition.span)
  return node.kind === 'while'
    ? `${label}: while (${condition}) {\n${body}\n${mark}\n}`
    : `${label}: do {\n${body}\n${mark}\n} while (${condition});`
}

function emitReturnStatement(em: Emitter, value: Expr | null): string {
  if (!em.inFunction) throw inputError('The statement return stands outside a function.')
  if (value === null) return emitReturn(em, em.help('nothingReturned'))
  if (value.kind === 'name' && em.bindings.get(value.name)?.local === true && em.sql === undefined) {
    const { code, form } = emitPlain(em, value)
    return emitReturn(em, em.help(form === 'value' ? 'disown' : 'disownP', code))
  }
  return emitReturn(em, withoutSlot(em, value))
}

function emitTry(em: Emitter, node: TryStatement): string {
  const [body] = emitBranch(em, node.body)
  const before = new Set(em.assigned)
  const store = emitStore(em, node.variable, asValue(em.help('caught', '$x')))
  const [handler] = emitBranch(em, node.handler)
  em.assigned = before
  return `try {\n${body}\n} catch ($x) {\n${store}\n${handler}\n}`
}

/** The handler knows of an error; a return or break out of the block is none. */
function emitTransaction(em: Emitter, node: TransactionStatement): string {
  const failed = em.temporary()
  const [body] = emitBranch(em, node.body)
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
