/**
 * Comparisons of vectors that are joined by `and` and `or`, and choices by them: `a > 0.25 and a < 0.75`, `iif(a > b, a, b)`. Where an operand is a large vector, all of it is tried in
 * one pass (ops/chain.ts) before the operators run one by one. Only variables and constants are looked at for that: they may be read twice, and
 * before their turn.
 */
import type { Expr } from '../../lang/ast.ts'
import type { Chain, ChoiceChain, TruthChain } from '../ops/chain.ts'
import type { Emitter } from './emitter.ts'
import { literalValue } from './literals.ts'
import { isComparisonOp, isNumericOp } from './numeric.ts'
import { readBinding } from './plain-code.ts'

interface Operand {
  /** As the variable is held, for the look whether it is large; undefined for a constant. */
  readonly held: string | undefined
  readonly value: string
}

/** Few, as they are looked at each time. */
const OPERANDS_MAX = 6

class Operands {
  readonly list: Operand[] = []
  readonly #em: Emitter

  constructor(em: Emitter) {
    this.#em = em
  }

  number(node: Expr): Chain | undefined {
    if (node.kind === 'binary' && isNumericOp(node.op)) {
      const left = this.number(node.left)
      const right = left === undefined ? undefined : this.number(node.right)
      return left === undefined || right === undefined ? undefined : [node.op, left, right]
    }
    const operand = this.#operand(node)
    return operand === undefined ? undefined : this.list.push(operand) - 1
  }

  truth(node: Expr): TruthChain | undefined {
    if (node.kind !== 'binary') return undefined
    const { op } = node
    if (isComparisonOp(op)) {
      const left = this.number(node.left)
      const right = left === undefined ? undefined : this.number(node.right)
      return left === undefined || right === undefined ? undefined : [op, left, right]
    }
    if (op !== 'and' && op !== 'or') return undefined
    const left = this.truth(node.left)
    const right = left === undefined ? undefined : this.truth(node.right)
    return left === undefined || right === undefined ? undefined : [op, left, right]
  }

  #operand(node: Expr): Operand | undefined {
    const em = this.#em
    if (node.kind === 'literal') return { held: undefined, value: em.value(literalValue(node)) }
    if (node.kind !== 'name') return undefined
    const binding = em.bindings.get(node.name)
    if (binding !== undefined)
      return { held: binding.js, value: `${binding.js} === undefined ? undefined : ${readBinding(em, binding)}` }
    if (!em.seesSession || node.binding === 'function') return undefined
    const cell = em.constant(em.host.cell(node.name))
    return { held: `${cell}.plain`, value: `${cell}.value` }
  }
}

/** The code of `node`, whose operators one by one are `otherwise`; that alone where nothing can be done at once. */
export function emitFusedTruth(em: Emitter, node: Expr, otherwise: string): string {
  const operands = new Operands(em)
  return attempt(em, operands, canFuse(em) ? operands.truth(node) : undefined, otherwise)
}

/** The same for `iif(condition, whenTrue, whenFalse)`. */
export function emitFusedChoice(em: Emitter, args: readonly (Expr | null | undefined)[], otherwise: string): string {
  const [condition, whenTrue, whenFalse] = args
  const operands = new Operands(em)
  const parts =
    canFuse(em) && args.length === 3 && condition && whenTrue && whenFalse
      ? ([operands.truth(condition), operands.number(whenTrue), operands.number(whenFalse)] as const)
      : []
  const isWhole = parts.length === 3 && parts.every((part) => part !== undefined)
  return attempt(em, operands, isWhole ? (['iif', ...parts] as ChoiceChain) : undefined, otherwise)
}

const canFuse = (em: Emitter): boolean => em.writesOut && em.sql === undefined

function attempt(
  em: Emitter,
  { list }: Operands,
  chain: TruthChain | ChoiceChain | undefined,
  otherwise: string,
): string {
  const variables = [...new Set(list.flatMap(({ held }) => held ?? []))]
  if (chain === undefined || variables.length === 0 || list.length > OPERANDS_MAX) return otherwise
  const result = em.temporary()
  const large = variables.map((name) => em.help('isLarge', name)).join(' || ')
  const run = em.help('runFused', em.constant(chain), `[${list.map(({ value }) => value).join(', ')}]`)
  return `((${large}) && (${result} = ${run}) !== undefined ? ${result} : ${otherwise})`
}
