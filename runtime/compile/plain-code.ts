/** Expressions whose results may be plain (plain.ts): names, constants, arithmetic, elements, calls of script functions. */
import type { Expr, IndexExpr, TernaryExpr } from '../../lang/ast.ts'
import { BuiltinFunction, NULL_F64, T, type Value } from '../values/index.ts'
import { emitPlainCall } from './calls.ts'
import { type Binding, type Emitter, guessOfValue, type PlainCode } from './emitter.ts'
import { emitBuiltin, emitExpr, operandTree } from './expressions.ts'
import { literalValue } from './literals.ts'
import { emitCompared, emitTree, isComparisonOp, isNumericOp } from './numeric.ts'
import { support } from './support.ts'

/** Code of the expression. `slot`: a variable that may take a DOUBLE. */
export function emitPlain(em: Emitter, node: Expr, slot?: string): PlainCode {
  if (!em.writesOut || em.sql !== undefined) return value(emitExpr(em, node))
  switch (node.kind) {
    case 'literal':
      return plainConstant(em, literalValue(node), slot)
    case 'name':
      return plainName(em, node.name, slot) ?? value(emitExpr(em, node))
    case 'binary':
      if (isNumericOp(node.op)) {
        const [left, right] = [operandTree(em, node.left), operandTree(em, node.right)]
        const constant =
          left.op === undefined && right.op === undefined && isConstant(em, left) && isConstant(em, right)
        return constant ? value(emitExpr(em, node)) : emitTree(em, { op: node.op, left, right }, slot)
      }
      if (isComparisonOp(node.op))
        return emitCompared(em, node.op, operandTree(em, node.left), operandTree(em, node.right))
      return value(emitExpr(em, node))
    case 'unary':
      if (node.op !== 'neg' || node.operand.kind === 'literal') return value(emitExpr(em, node))
      return { code: em.help('negP', withoutSlot(em, node.operand)), form: 'plain', guess: undefined }
    case 'index':
      return node.slots.length === 1 && node.slots[0] !== null
        ? emitElement(em, node.object, node.slots[0], slot)
        : value(emitExpr(em, node))
    case 'ternary':
      return emitChoice(em, node)
    case 'call':
      return emitPlainCall(em, node) ?? value(emitExpr(em, node))
    default:
      return value(emitExpr(em, node))
  }
}

const value = (code: string): PlainCode => ({ code, form: 'value', guess: undefined })

const isConstant = (em: Emitter, leaf: { readonly given: PlainCode }): boolean =>
  em.valueOf(leaf.given.code) !== undefined

/** The same for a place that has no slot to offer. */
export const withoutSlot = (em: Emitter, node: Expr): string => emitPlain(em, node).code

/** The same, plain wherever there is a plain form: for places that look at the type. */
export function plainest(em: Emitter, node: Expr): string {
  const { code, form } = emitPlain(em, node)
  return form === 'value' ? em.help('plain', code) : code
}

/** As a Value. */
export const toValue = (em: Emitter, { code, form }: PlainCode): string =>
  form === 'value' ? code : em.help('box', code)

// ---------------------------------------------------------------------------------------------------------------------
// Constants and names

/** Constants keep their name, so that operators on them are folded; only what a variable takes is written as a number. */
function plainConstant(em: Emitter, v: Value, slot: string | undefined): PlainCode {
  const guess = guessOfValue(v)
  const code = em.value(v)
  if (guess === 'double' && slot !== undefined) {
    const number = (v as { value: number }).value
    const text = Object.is(number, -0) ? '-0' : String(number)
    return { code: `(${slot} = ${text}, null)`, form: 'inSlot', guess }
  }
  if (guess === undefined || guess === 'double') return { code, form: 'value', guess }
  return { code: plainText(em, v)!, form: 'plain', guess }
}

/** A constant as JavaScript, undefined for one that has no plain form. */
export function plainText(em: Emitter, v: Value): string | undefined {
  const p = support().plain(v)
  switch (typeof p) {
    case 'number':
      return `(${p})`
    case 'bigint':
      return `${p}n`
    case 'boolean':
      return String(p)
    case 'string':
      // Nothing of the script's text gets into the code.
      return em.constant(p)
    default:
      return undefined
  }
}

/** A local as it is held, in code that may be a bare name. */
function plainName(em: Emitter, name: string, slot: string | undefined): PlainCode | undefined {
  const binding = em.bindings.get(name)
  if (binding === undefined) return em.seesSession ? sessionVariable(em, name) : undefined
  const guess = em.guessOf(name)
  if (binding.plain === undefined) return undefined
  const own = binding.plain.slot
  const js = em.isAssigned(name)
    ? heldCode(em, binding)
    : `(${heldCode(em, binding)} ?? ${em.help('looseName', '$s', em.constant(name), em.constant(em.module))})`
  if (own === undefined) return { code: js, form: 'plain', guess }
  if (slot === undefined) return { code: em.help('boxSlot', js, own), form: 'plain', guess }
  return { code: slot === own ? js : `(${slot} = ${own}, ${js})`, form: 'inSlot', guess }
}

function sessionVariable(em: Emitter, name: string): PlainCode {
  const cell = em.constant(em.host.cell(name))
  const loose = em.help('looseName', '$s', em.constant(name), em.constant(em.module))
  return { code: `(${cell}.plain ?? ${loose})`, form: 'plain', guess: em.guessOf(name) }
}

/** What a variable holds. A text is put together when it is read. */
function heldCode(em: Emitter, { js, plain }: Pick<Binding, 'js' | 'plain'>): string {
  const tail = plain?.tail
  if (tail === undefined) return js
  return `(${tail} === "" ? ${js} : (${js} = ${em.help('joined', js, tail)}, ${tail} = "", ${js}))`
}

/** A variable as a Value, undefined if it has none. */
export function readBinding(em: Emitter, binding: Pick<Binding, 'js' | 'plain'>): string {
  const { js, plain } = binding
  if (plain === undefined) return js
  if (plain.tail !== undefined) return em.help('box', heldCode(em, binding))
  return plain.slot === undefined ? em.help('box', js) : em.help('boxSlot', js, plain.slot)
}

// ---------------------------------------------------------------------------------------------------------------------
// Elements, choices

const isName = (code: string): boolean => /^[vkt]\d+$/.test(code)

function emitElement(em: Emitter, object: Expr, at: Expr, slot: string | undefined): PlainCode {
  const objectCode = emitExpr(em, object)
  const index = withoutSlot(em, at)
  // Nothing that is evaluated in between may change what is read late.
  const early = isName(objectCode) && isName(index)
  const o = early ? objectCode : em.temporary()
  const k = isName(index) ? index : em.temporary()
  const setup = [...(early ? [] : [`${o} = ${objectCode}`]), ...(k === index ? [] : [`${k} = ${index}`])]
  const general = em.help('plain', em.help('index1', '$s', o, em.help('box', k)))
  const element = elementCode(em, o, k, slot)
  const code = `(${[...setup, `${em.help('holdsP', o, k)} ? ${element.code} : ${general}`].join(', ')})`
  return { ...element, code }
}

/** An element of a typed vector. It is read where this stands, so that V8 learns which typed array this place meets. */
export function elementCode(em: Emitter, vector: string, at: string, slot: string | undefined): PlainCode {
  const element = em.help('elementP', vector, `${vector}.data[${at}]`)
  if (slot === undefined) return { code: element, form: 'plain', guess: undefined }
  const isDouble = `${vector}.type === ${T.DOUBLE} && (${slot} = ${vector}.data[${at}]) > ${NULL_F64}`
  return { code: `${isDouble} ? null : ${element}`, form: 'inSlot', guess: undefined }
}

/** See emitTernary: a scalar condition evaluates one branch. */
function emitChoice(em: Emitter, node: TernaryExpr): PlainCode {
  const [condition, c, a, b] = [em.temporary(), em.temporary(), em.temporary(), em.temporary()]
  const given = emitPlain(em, node.condition)
  const [then, otherwise] = [emitPlain(em, node.then), emitPlain(em, node.otherwise)]
  const iif = emitBuiltin(em, 'iif', [em.help('box', condition), em.help('box', a), em.help('box', b)])
  const steps = [
    `${c} = ${em.help('choiceP', `${condition} = ${given.code}`)}`,
    `${a} = ${c} !== 0 ? ${then.code} : undefined`,
    `${b} = ${c} !== 1 ? ${otherwise.code} : undefined`,
    `${c} === 1 ? ${a} : ${c} === 0 ? ${b} : ${em.help('plain', iif)}`,
  ]
  const guess = then.guess === otherwise.guess ? then.guess : undefined
  return { code: `(${steps.join(', ')})`, form: 'plain', guess }
}

/** Whether a function is the builtin `string`, whose text of a whole number needs no detour. */
export const isStringBuiltin = (found: unknown): boolean =>
  found instanceof BuiltinFunction && found.builtin.name === 'string'

export const isIndexed = (node: Expr): node is IndexExpr => node.kind === 'index'
