/**
 * Arithmetic and comparisons of scalars written out where the expression stands. `(i + j) % 3 == 0` becomes one test of its leaves and one
 * JavaScript expression on their numbers: nothing in between is made a scalar, and each place has its own type feedback in V8. Whatever is not what was
 * guessed (null, another type, a vector, a result that is null) takes the general way from the same leaves.
 *
 *   typeof v0 === "number" && typeof v1 === "number" && (t2 = (v0 + v1) | 0) !== NULL ? modInt(t2, v2) : modP(addP(v0, v1), v2)
 *
 * What type a leaf has is guessed from constants, from what its variable is given, and from loops; a wrong guess costs time only.
 */
import type { Expr } from '../../lang/ast.ts'
import type { Chain } from '../ops/chain.ts'
import { NULL_I32, Scalar, T } from '../values/index.ts'
import { type Emitter, guessOfValue, type PlainCode } from './emitter.ts'
import { arithmeticGuess } from './locals.ts'
import { emitPlain, plainText, toValue } from './plain-code.ts'

const ARITHMETIC = { add: '+', sub: '-', mul: '*', div: '/', mod: '%', ratio: '/' } as const
const COMPARISON = { lt: '<', le: '<=', gt: '>', ge: '>=', eq: '===', ne: '!==' } as const

export type NumericOp = keyof typeof ARITHMETIC
export type ComparisonOp = keyof typeof COMPARISON

export const isNumericOp = (op: string): op is NumericOp => op in ARITHMETIC
export const isComparisonOp = (op: string): op is ComparisonOp => op in COMPARISON

/** What a scalar is expected to be. */
export type Guess = 'int' | 'long' | 'double' | 'bool' | 'string' | undefined
type Kind = 'int' | 'long' | 'double' | 'string'

/** More leaves than this are split: their tests would outweigh what they save. */
const MAX_LEAVES = 6

/** An operand that is no arithmetic. */
export interface Leaf {
  readonly op: undefined
  readonly given: PlainCode
  /** Where a DOUBLE is if the code says IN_SLOT. */
  readonly slot: string | undefined
  /** Reads a local, so it may be read as often as wanted and as late as nothing changes it. */
  readonly isLocal: boolean
}
interface Node {
  readonly op: NumericOp
  readonly left: Tree
  readonly right: Tree
}
export type Tree = Leaf | Node

/** The code of an operator on two constants, which is a constant again if it has a value. */
type FoldConstants = (em: Emitter, op: NumericOp, left: string, right: string) => string

/** The tree of an expression; the code of what is no arithmetic is made once: a chain of a hundred constants is as long as it looks. */
export function treeOf(em: Emitter, node: Expr, emit: (em: Emitter, node: Expr) => string, fold: FoldConstants): Tree {
  if (node.kind === 'binary' && isNumericOp(node.op)) {
    const left = treeOf(em, node.left, emit, fold)
    const right = treeOf(em, node.right, emit, fold)
    if (left.op === undefined && right.op === undefined && bothConstant(em, left, right))
      return constantLeaf(em, fold(em, node.op, left.given.code, right.given.code))
    return { op: node.op, left, right }
  }
  if (!em.writesOut || node.kind === 'literal') return constantLeaf(em, emit(em, node))
  if (node.kind === 'name')
    return nameLeaf(em, node.name) ?? { op: undefined, given: emitPlain(em, node), slot: undefined, isLocal: false }
  const slot = node.kind === 'index' ? em.slot() : undefined
  return { op: undefined, given: emitPlain(em, node, slot), slot, isLocal: false }
}

const constantLeaf = (em: Emitter, code: string): Leaf => ({
  op: undefined,
  given: { code, form: 'value', guess: guessOfValue(em.valueOf(code)) },
  slot: undefined,
  isLocal: false,
})

/** A local that certainly has a value is read where it stands. */
export function nameLeaf(em: Emitter, name: string): Leaf | undefined {
  const binding = em.bindings.get(name)
  if (binding === undefined) return undefined
  const slot = binding.plain?.slot
  const given = emitPlain(em, { kind: 'name', name, binding: 'variable', span: { start: 0, end: 0 } }, slot)
  return { op: undefined, given, slot, isLocal: given.form !== 'value' && isName(given.code) }
}

export const bothConstant = (em: Emitter, left: Leaf, right: Leaf): boolean =>
  em.valueOf(left.given.code) !== undefined && em.valueOf(right.given.code) !== undefined

/** What the result is expected to be. */
function guessOfTree(tree: Tree): Guess {
  if (tree.op === undefined) return tree.given.guess
  return arithmeticGuess(tree.op, guessOfTree(tree.left), guessOfTree(tree.right))
}

const leafCount = (tree: Tree): number => (tree.op === undefined ? 1 : leafCount(tree.left) + leafCount(tree.right))

/** The value of a tree; a DOUBLE goes into `slot` if there is one. */
export function emitTree(em: Emitter, tree: Tree, slot?: string): PlainCode {
  if (tree.op === undefined) return tree.given
  const result = ([root]: readonly Tree[], path: Path): string => {
    if (path.kindOf(root) !== 'double') return path.known(root)
    const number = em.counter()
    path.checks.push(`(${number} = ${path.raw(root)}) - ${number} === 0`)
    return slot === undefined ? em.help('double', number) : `(${slot} = ${number}, null)`
  }
  const code = emitWith(em, [tree], result, ([generic]) => {
    if (slot === undefined) return generic
    // What the general way computes is mostly a DOUBLE too, after a NULL or beside another type.
    const t = em.temporary()
    return `${em.help('isDouble', `${t} = ${generic}`)} ? (${slot} = ${t}.value, null) : ${t}`
  })
  return { code, form: slot === undefined ? 'plain' : 'inSlot', guess: guessOfTree(tree) }
}

/** A comparison as a JavaScript boolean. */
export const emitComparison = (em: Emitter, op: ComparisonOp, left: Tree, right: Tree): string =>
  emitWith(em, [left, right], comparing(op), ([a, b]) => em.help(`${op}TestP`, a, b))

/** A comparison as a value. */
export const emitCompared = (em: Emitter, op: ComparisonOp, left: Tree, right: Tree): PlainCode => ({
  code: emitWith(em, [left, right], comparing(op), ([a, b]) => em.help(`${op}P`, a, b)),
  form: 'plain',
  guess: 'bool',
})

const comparing =
  (op: ComparisonOp) =>
  ([a, b]: readonly Tree[], path: Path): string => {
    const kinds = [path.kindOf(a), path.kindOf(b)]
    if (kinds.includes('string') && op !== 'eq' && op !== 'ne') path.impossible = true
    if (kinds.includes('long') && !kinds.includes('double'))
      return `${path.asLong(a)} ${COMPARISON[op]} ${path.asLong(b)}`
    return `${path.known(a)} ${COMPARISON[op]} ${path.known(b)}`
  }

/** Where the numbers of the leaves are, and under which conditions. */
class Path {
  readonly em: Emitter
  readonly checks: string[] = []
  readonly #leaves: ReadonlyMap<Tree, Placed>
  readonly #assume: (leaf: Placed) => Kind
  /** Set when an operator has no plain form for these types. */
  impossible = false

  constructor(em: Emitter, leaves: ReadonlyMap<Tree, Placed>, assume: (leaf: Placed) => Kind) {
    this.em = em
    this.#leaves = leaves
    this.#assume = assume
    const seen = new Set<string>()
    for (const leaf of leaves.values()) {
      if (leaf.constant !== undefined || seen.has(leaf.name)) continue
      seen.add(leaf.name)
      this.checks.push(this.#testOf(leaf, assume(leaf)))
    }
  }

  #testOf(leaf: Placed, kind: Kind): string {
    if (kind !== 'double')
      return `typeof ${leaf.name} === "${{ int: 'number', long: 'bigint', string: 'string' }[kind]}"`
    return leaf.slot === undefined ? this.em.help('isDouble', leaf.name) : `${leaf.name} === null`
  }

  kindOf(tree: Tree): Kind {
    if (tree.op === undefined) return this.#assume(this.#leaves.get(tree)!)
    const left = this.kindOf(tree.left)
    const right = this.kindOf(tree.right)
    if (left === 'string' || right === 'string') {
      if (left !== right || tree.op !== 'add') this.impossible = true
      return 'string'
    }
    if (left === 'long' || right === 'long') {
      if (tree.op === 'ratio' || left === 'double' || right === 'double') this.impossible = true
      return 'long'
    }
    return tree.op === 'ratio' || left === 'double' || right === 'double' ? 'double' : 'int'
  }

  /** The number of a tree as JavaScript. It may be the null of its type, or an infinity. */
  raw(tree: Tree): string {
    if (tree.op === undefined) {
      const leaf = this.#leaves.get(tree)!
      if (leaf.constant !== undefined) return leaf.constant
      if (this.#assume(leaf) !== 'double') return leaf.name
      return leaf.slot ?? `${leaf.name}.value`
    }
    switch (this.kindOf(tree)) {
      case 'string':
        return `(${this.raw(tree.left)} + ${this.raw(tree.right)})`
      case 'int':
        return this.#int(tree)
      case 'long':
        return this.#long(tree)
      case 'double': {
        if (tree.op === 'mod') this.impossible = true
        const x = this.#operand(tree.left)
        // Dividing by an infinity would hide it.
        const divides = tree.op === 'ratio' || tree.op === 'div'
        const y = divides ? this.known(tree.right) : this.#operand(tree.right)
        return `(${x} ${ARITHMETIC[tree.op]} ${y})`
      }
    }
  }

  #int(tree: Node): string {
    const x = this.known(tree.left)
    const y = this.known(tree.right)
    switch (tree.op) {
      case 'mul':
        return `Math.imul(${x}, ${y})`
      case 'div':
        return this.em.help('divInt', x, y)
      case 'mod': {
        if (!this.#isPositive(tree.right)) return this.em.help('modInt', x, y)
        const t = this.em.counter()
        return `((${t} = (${x} % ${y}) | 0) < 0 ? ${t} + ${y} : ${t})`
      }
      default:
        return `((${x} ${ARITHMETIC[tree.op]} ${y}) | 0)`
    }
  }

  #long(tree: Node): string {
    const x = this.asLong(tree.left)
    const y = this.asLong(tree.right)
    if (tree.op === 'div') return this.em.help('divLong', x, y)
    if (tree.op === 'mod' && !this.#isPositive(tree.right)) return this.em.help('modLong', x, y)
    const cut = `${this.em.use('asIntN')}(64, ${x} ${ARITHMETIC[tree.op]} ${y})`
    if (tree.op !== 'mod') return cut
    const t = this.em.temporary()
    return `((${t} = ${cut}) < 0n ? ${this.em.use('asIntN')}(64, ${t} + ${y}) : ${t})`
  }

  #isPositive(tree: Tree): boolean {
    const constant = tree.op === undefined ? this.#leaves.get(tree)!.constant : undefined
    return constant !== undefined && Number(constant.replace(/[()n]/g, '')) > 0
  }

  /** A whole number as bigint, known not to be null. */
  asLong(tree: Tree): string {
    const kind = this.kindOf(tree)
    if (kind === 'long') return this.known(tree)
    if (kind !== 'int') this.impossible = true
    const constant = tree.op === undefined ? this.#leaves.get(tree)!.constant : undefined
    return constant === undefined ? `BigInt(${this.known(tree)})` : `${constant.replace(/[()]/g, '')}n`
  }

  /** The number of a tree, known not to be null. */
  known(tree: Tree): string {
    const raw = this.raw(tree)
    if (tree.op === undefined || (tree.op === 'mod' && this.#isPositive(tree.right))) return raw
    const kind = this.kindOf(tree)
    if (kind === 'string') return raw
    const t = kind === 'long' ? this.em.temporary() : this.em.counter()
    if (kind === 'int') this.checks.push(`(${t} = ${raw}) !== ${NULL_I32}`)
    else if (kind === 'long') this.checks.push(this.em.help('isWhole', `${t} = ${raw}`))
    else this.checks.push(`(${t} = ${raw}) - ${t} === 0`)
    return t
  }

  /** An operand of an operator on doubles: an infinity shows in the result. */
  #operand(tree: Tree): string {
    return tree.op === undefined || this.kindOf(tree) === 'double' ? this.raw(tree) : this.known(tree)
  }
}

interface Placed {
  readonly name: string
  readonly slot: string | undefined
  /** As JavaScript. */
  readonly constant: string | undefined
  readonly guess: Guess
}

const isName = (code: string): boolean => /^[vkt]\d+$/.test(code)

/** Evaluates the leaves in order, then the first path whose conditions hold, or the general way. */
function emitWith(
  em: Emitter,
  trees: readonly Tree[],
  result: (trees: readonly Tree[], path: Path) => string,
  general: (generic: readonly string[]) => string,
): string {
  const parts = trees.map((tree) => (leafCount(tree) > MAX_LEAVES ? split(em, tree) : tree))
  const list: Leaf[] = []
  for (const tree of parts) collect(tree, list)
  // A variable may be read late only if nothing that is evaluated after it can change it.
  const isConstant = (leaf: Leaf): boolean => em.valueOf(leaf.given.code) !== undefined
  let last = list.length - 1
  while (last >= 0 && (list[last].isLocal || isConstant(list[last]))) last--
  const setup: string[] = []
  const leaves = new Map<Tree, Placed>()
  list.forEach((leaf, k) => {
    const { code, form, guess } = leaf.given
    const constant = em.valueOf(code)
    if (constant !== undefined) {
      const isNumber = constant instanceof Scalar && constant.type === T.DOUBLE && !constant.isNull()
      const text = isNumber ? `(${Object.is(constant.value, -0) ? '-0' : constant.value})` : plainText(em, constant)
      leaves.set(leaf, { name: code, slot: undefined, constant: text, guess: text === undefined ? undefined : guess })
      return
    }
    if (leaf.isLocal && k > last) {
      leaves.set(leaf, { name: code, slot: leaf.slot, constant: undefined, guess })
      return
    }
    const name = em.temporary()
    // A variable's own slot may change before it is read.
    const slot = leaf.slot !== undefined && leaf.isLocal ? em.slot() : leaf.slot
    if (slot !== leaf.slot) setup.push(`${slot} = ${leaf.slot}`)
    setup.push(`${name} = ${form === 'value' ? em.help('plain', code) : code}`)
    leaves.set(leaf, { name, slot, constant: undefined, guess })
  })
  const generic = general(parts.map((tree) => vectorCode(em, tree, leaves)))
  const choices: string[] = []
  for (const assume of em.writesOut ? attempts([...leaves.values()]) : []) {
    const path = new Path(em, leaves, assume)
    const code = result(parts, path)
    if (path.impossible || path.checks.length === 0) continue
    choices.push(`${path.checks.join(' && ')} ? ${code} : `)
  }
  return `(${[...setup, `${choices.join('')}${generic}`].join(', ')})`
}

/** Which types to write out, the likeliest first. */
function attempts(leaves: readonly Placed[]): ((leaf: Placed) => Kind)[] {
  const has = (guess: Guess): boolean => leaves.some((leaf) => leaf.guess === guess)
  const open = leaves.some((leaf) => leaf.constant === undefined)
  const strange = leaves.some((leaf) => leaf.guess === undefined && isConstantName(leaf))
  if (!open || strange || has('bool')) return []
  if (has('string')) return has('int') || has('long') || has('double') ? [] : [() => 'string']
  if (has('long')) return has('double') ? [] : [(leaf) => (leaf.guess === 'int' ? 'int' : 'long')]
  const out: ((leaf: Placed) => Kind)[] = []
  const unknown = leaves.some((leaf) => leaf.guess === undefined)
  if (!has('double')) out.push(() => 'int')
  if (has('double') || unknown) out.push((leaf) => (leaf.guess === 'int' ? 'int' : 'double'))
  return out
}

/** A constant without a plain form: a vector, a null. */
const isConstantName = (leaf: Placed): boolean => leaf.constant === undefined && leaf.name.startsWith('k')

/** A tree of few leaves whose larger branches are evaluated on their own. */
function split(em: Emitter, tree: Tree): Tree {
  if (tree.op === undefined) return tree
  const alone = (branch: Tree): Tree => {
    if (leafCount(branch) <= MAX_LEAVES / 2) return branch
    const slot = em.slot()
    return { op: undefined, given: emitTree(em, branch, slot), slot, isLocal: false }
  }
  return { op: tree.op, left: alone(tree.left), right: alone(tree.right) }
}

function collect(tree: Tree, list: Leaf[]): void {
  if (tree.op === undefined) list.push(tree)
  else {
    collect(tree.left, list)
    collect(tree.right, list)
  }
}

/** The general way, which computes several operators on large vectors at once (ops/chain.ts). */
function vectorCode(em: Emitter, tree: Tree, leaves: ReadonlyMap<Tree, Placed>): string {
  const generic = genericCode(em, tree, leaves)
  if (tree.op === undefined || (tree.left.op === undefined && tree.right.op === undefined)) return generic
  const list: Leaf[] = []
  collect(tree, list)
  const placed = list.map((leaf) => leaves.get(leaf)!)
  const variables = new Set(placed.filter(({ name }) => em.valueOf(name) === undefined).map(({ name }) => name))
  const large = [...variables].map((name) => em.help('isLarge', name)).join(' || ')
  const values = placed.map(({ name, slot }) =>
    slot === undefined ? em.help('box', name) : em.help('boxSlot', name, slot),
  )
  const chain = em.constant(chainOf(tree, { next: 0 }))
  return `(${large} ? ${em.help('plain', em.help('runChain', chain, `[${values.join(', ')}]`))} : ${generic})`
}

const chainOf = (tree: Tree, leaf: { next: number }): Chain =>
  tree.op === undefined ? leaf.next++ : [tree.op, chainOf(tree.left, leaf), chainOf(tree.right, leaf)]

function genericCode(em: Emitter, tree: Tree, leaves: ReadonlyMap<Tree, Placed>): string {
  if (tree.op !== undefined)
    return em.help(`${tree.op}P`, genericCode(em, tree.left, leaves), genericCode(em, tree.right, leaves))
  const { name, slot } = leaves.get(tree)!
  return slot === undefined ? name : em.help('boxSlot', name, slot)
}

/** A tree as a Value. */
export const treeValue = (em: Emitter, tree: Tree): string => toValue(em, emitTree(em, tree))
