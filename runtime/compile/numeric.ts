/**
 * Arithmetic and comparison of INT and DOUBLE scalars written out where the expression stands. `(i + j) % 3 == 0` becomes one test of its leaves and
 * one JavaScript expression on their numbers: nothing in between is made a scalar, and each place has its own type feedback in V8. Whatever
 * is not what was guessed (null, another type, a vector, a result that is null) takes the general way from the same leaves.
 *
 *   t0.type === 4 && ... && (t2 = (t0.value + t1.value) | 0) !== NULL ? int(modInt(t2, (3))) : mod(add(t0, t1), k0)
 *
 * What type a leaf has is guessed from constants, from what its variable was given last, and from loops; a wrong guess costs time only.
 */
import type { Expr } from '../../lang/ast.ts'
import { NULL_F64, NULL_I32, Scalar, T } from '../values/index.ts'
import { type Emitter, guessOfValue } from './emitter.ts'

const ARITHMETIC = { add: '+', sub: '-', mul: '*', div: '/', mod: '%', ratio: '/' } as const
const COMPARISON = { lt: '<', le: '<=', gt: '>', ge: '>=', eq: '===', ne: '!==' } as const

export type NumericOp = keyof typeof ARITHMETIC
export type ComparisonOp = keyof typeof COMPARISON

export const isNumericOp = (op: string): op is NumericOp => op in ARITHMETIC

/** What a scalar is expected to be. */
export type Guess = 'int' | 'double' | undefined

/** More leaves than this are split: their tests would outweigh what they save. */
const MAX_LEAVES = 6

/** An operand before it is looked at: syntax, or code of it. */
export interface Leaf {
  readonly op: undefined
  readonly code: string
  readonly guess: Guess
}
interface Node {
  readonly op: NumericOp
  readonly left: Tree
  readonly right: Tree
}
export type Tree = Leaf | Node

type EmitExpr = (em: Emitter, node: Expr) => string
/** The code of an operator on two constants, which is a constant again if it has a value. */
type FoldConstants = (em: Emitter, op: NumericOp, left: string, right: string) => string

/** The tree of an expression; `emit` makes the code of what is no arithmetic, each part once: a chain of a hundred constants is as long as it looks. */
export function treeOf(em: Emitter, node: Expr, emit: EmitExpr, fold: FoldConstants): Tree {
  if (node.kind === 'binary' && isNumericOp(node.op)) {
    const left = treeOf(em, node.left, emit, fold)
    const right = treeOf(em, node.right, emit, fold)
    if (left.op === undefined && right.op === undefined && bothConstant(em, left, right))
      return { op: undefined, code: fold(em, node.op, left.code, right.code), guess: undefined }
    return { op: node.op, left, right }
  }
  return { op: undefined, code: emit(em, node), guess: guessOf(em, node) }
}

export const bothConstant = (em: Emitter, left: Leaf, right: Leaf): boolean =>
  em.valueOf(left.code) !== undefined && em.valueOf(right.code) !== undefined

function guessOf(em: Emitter, node: Expr): Guess {
  return node.kind === 'name' ? em.guessOf(node.name) : undefined
}

/** What the result is expected to be. */
export function guessOfTree(em: Emitter, tree: Tree): Guess {
  if (tree.op === undefined) {
    return guessOfValue(em.valueOf(tree.code)) ?? tree.guess
  }
  if (tree.op === 'ratio') return 'double'
  const left = guessOfTree(em, tree.left)
  const right = guessOfTree(em, tree.right)
  if (left === 'double' || right === 'double') return 'double'
  return left === 'int' && right === 'int' ? 'int' : undefined
}

const leafCount = (tree: Tree): number => (tree.op === undefined ? 1 : leafCount(tree.left) + leafCount(tree.right))

/** The value of a tree. */
export function emitTree(em: Emitter, tree: Tree): string {
  if (tree.op === undefined) return tree.code
  return emitWith(em, tree, [tree], ([root], path) => {
    if (path.kindOf(root) === 'int') return em.help('int', path.raw(root))
    const result = em.temporary()
    const raw = path.raw(root)
    path.checks.push(`(${result} = ${raw}) - ${result} === 0`)
    return em.help('double', result)
  })
}

/** A comparison as a JavaScript boolean. */
export function emitComparison(em: Emitter, op: ComparisonOp, left: Tree, right: Tree): string {
  return emitWith(
    em,
    undefined,
    [left, right],
    ([a, b], path) => {
      const x = path.finite(a)
      return `${x} ${COMPARISON[op]} ${path.finite(b)}`
    },
    (generic) => em.help(`${op}Test`, generic[0], generic[1]),
  )
}

/** Where the numbers of the leaves are, and under which conditions. */
class Path {
  readonly em: Emitter
  readonly checks: string[] = []
  readonly #leaves: ReadonlyMap<Tree, Placed>
  readonly #assume: (leaf: Placed) => 'int' | 'double'
  /** Set when an operator has no plain form for these types. */
  impossible = false

  constructor(em: Emitter, leaves: ReadonlyMap<Tree, Placed>, assume: (leaf: Placed) => 'int' | 'double') {
    this.em = em
    this.#leaves = leaves
    this.#assume = assume
    const seen = new Set<string>()
    for (const leaf of leaves.values()) {
      if (leaf.constant !== undefined || seen.has(leaf.name)) continue
      seen.add(leaf.name)
      const test =
        assume(leaf) === 'int'
          ? [T.INT, `${leaf.name}.value !== ${NULL_I32}`]
          : [T.DOUBLE, `${leaf.name}.value > ${NULL_F64}`]
      this.checks.push(`${leaf.name}.type === ${test[0]}`, `${leaf.name}.kind === "scalar"`, `${test[1]}`)
    }
  }

  kindOf(tree: Tree): 'int' | 'double' {
    if (tree.op === undefined) return this.#assume(this.#leaves.get(tree)!)
    if (tree.op === 'ratio') return 'double'
    return this.kindOf(tree.left) === 'int' && this.kindOf(tree.right) === 'int' ? 'int' : 'double'
  }

  /** The number of a tree as JavaScript. */
  raw(tree: Tree): string {
    if (tree.op === undefined) {
      const leaf = this.#leaves.get(tree)!
      if (leaf.constant === undefined) return `${leaf.name}.value`
      return Object.is(leaf.constant, -0) ? '(-0)' : `(${leaf.constant})`
    }
    const x = this.#operand(tree.left)
    if (this.kindOf(tree) === 'int') {
      const y = this.#operand(tree.right)
      switch (tree.op) {
        case 'mul':
          return `Math.imul(${x}, ${y})`
        case 'div':
        case 'mod':
          return this.em.help(`${tree.op}Int`, x, y)
        default:
          return `((${x} ${ARITHMETIC[tree.op]} ${y}) | 0)`
      }
    }
    if (tree.op === 'mod') this.impossible = true
    // Dividing by an infinity would hide it.
    const divides = tree.op === 'ratio' || tree.op === 'div'
    const y = divides ? this.finite(tree.right) : this.#operand(tree.right)
    return `(${x} ${ARITHMETIC[tree.op]} ${y})`
  }

  /** The same, known not to be null. */
  finite(tree: Tree): string {
    if (tree.op === undefined || this.kindOf(tree) === 'int') return this.#operand(tree)
    const t = this.em.temporary()
    const raw = this.raw(tree)
    this.checks.push(`(${t} = ${raw}) - ${t} === 0`)
    return t
  }

  /** An operand of another operator: a null in between decides the whole. */
  #operand(tree: Tree): string {
    if (tree.op === undefined || this.kindOf(tree) === 'double') return this.raw(tree)
    const t = this.em.temporary()
    const raw = this.raw(tree)
    this.checks.push(`(${t} = ${raw}) !== ${NULL_I32}`)
    return t
  }
}

interface Placed {
  readonly name: string
  readonly constant: number | undefined
  readonly guess: Guess
}

const isName = (code: string): boolean => /^[vkt]\d+$/.test(code)

/** Evaluates the leaves in order, then the first path whose conditions hold, or the general way. */
function emitWith(
  em: Emitter,
  whole: Tree | undefined,
  trees: readonly Tree[],
  result: (trees: readonly Tree[], path: Path) => string,
  general: (generic: readonly string[]) => string = (generic) => generic[0],
): string {
  const parts = trees.map((tree) => (leafCount(tree) > MAX_LEAVES ? split(em, tree) : tree))
  const list: Leaf[] = []
  for (const tree of parts) collect(tree, list)
  // A variable may be read late only if nothing that is evaluated after it can change it.
  let last = list.length - 1
  while (last >= 0 && isName(list[last].code)) last--
  const setup: string[] = []
  const leaves = new Map<Tree, Placed>()
  let plain = true
  list.forEach((leaf, k) => {
    const value = em.valueOf(leaf.code)
    let constant: number | undefined
    if (value !== undefined) {
      const isNumber = value instanceof Scalar && (value.type === T.INT || value.type === T.DOUBLE) && !value.isNull()
      if (isNumber) constant = value.value as number
      else plain = false
      const guess = value instanceof Scalar && value.type === T.INT ? 'int' : 'double'
      leaves.set(leaf, { name: leaf.code, constant, guess })
      return
    }
    const stays = k > last
    const name = stays ? leaf.code : em.temporary()
    if (!stays) setup.push(`${name} = ${leaf.code}`)
    leaves.set(leaf, { name, constant, guess: leaf.guess })
  })
  const generic = general(parts.map((tree) => genericCode(em, tree, leaves)))
  const placed = [...leaves.values()]
  const choices: string[] = []
  const attempt = (assume: (leaf: Placed) => 'int' | 'double'): void => {
    const path = new Path(em, leaves, assume)
    const code = result(parts, path)
    if (path.impossible || path.checks.length === 0) return
    choices.push(`${path.checks.join(' && ')} ? ${code} : `)
  }
  if (plain && placed.some((p) => p.constant === undefined)) {
    const ratio = parts.some((tree) => hasRatio(tree))
    if (!placed.some((p) => p.guess === 'double')) attempt(() => 'int')
    if (ratio || placed.some((p) => p.guess !== 'int')) attempt((p) => (p.guess === 'int' ? 'int' : 'double'))
  }
  const code = `${choices.join('')}${generic}`
  const out = `(${[...setup, code].join(', ')})`
  if (whole !== undefined) em.noteGuess(out, guessOfTree(em, whole))
  return out
}

const hasRatio = (tree: Tree): boolean =>
  tree.op !== undefined && (tree.op === 'ratio' || hasRatio(tree.left) || hasRatio(tree.right))

/** A tree of few leaves whose larger branches are evaluated on their own. */
function split(em: Emitter, tree: Tree): Tree {
  if (tree.op === undefined) return tree
  const alone = (branch: Tree): Tree =>
    leafCount(branch) > MAX_LEAVES / 2
      ? { op: undefined, code: emitTree(em, branch), guess: guessOfTree(em, branch) }
      : branch
  return { op: tree.op, left: alone(tree.left), right: alone(tree.right) }
}

function collect(tree: Tree, list: Leaf[]): void {
  if (tree.op === undefined) list.push(tree)
  else {
    collect(tree.left, list)
    collect(tree.right, list)
  }
}

function genericCode(em: Emitter, tree: Tree, leaves: ReadonlyMap<Tree, Placed>): string {
  if (tree.op === undefined) return leaves.get(tree)!.name
  return em.help(tree.op, genericCode(em, tree.left, leaves), genericCode(em, tree.right, leaves))
}
