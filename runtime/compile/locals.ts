/**
 * Which variables of a function hold plain values (see plain.ts), and what they are expected to hold. A guess that is wrong costs time only, so the rules
 * are short: a variable is plain if it is assigned or compared like a number, a truth value or a text somewhere. Whatever hands its place to
 * others (an element that is assigned, an alias, a query, metacode, `undef`) leaves it as it was: a Value.
 */
import type { AssignStatement, Block, Expr, Statement } from '../../lang/ast.ts'
import type { Guess } from './numeric.ts'
import type { Definition } from './user-code.ts'
import { namesIn, walk } from './walk.ts'

export interface PlainLocal {
  readonly guess: Guess
  /** May hold DOUBLEs in a variable of its own. */
  readonly slot: boolean
  /** A text that pieces are added to: they gather in a variable of their own. */
  readonly tail: boolean
}

/** What was found so far: no assignment yet, one kind, or several. */
type Found = Guess | 'none' | 'several'

const LITERALS: Readonly<Record<string, Guess>> = {
  INT: 'int',
  LONG: 'long',
  DOUBLE: 'double',
  BOOL: 'bool',
  STRING: 'string',
}
const ARITHMETIC: ReadonlySet<string> = new Set(['add', 'sub', 'mul', 'div', 'mod', 'ratio'])
const COMPARISON: ReadonlySet<string> = new Set(['lt', 'le', 'gt', 'ge', 'eq', 'ne'])

/** `given`: all parameters and captured names, with what they held in the first call. */
export function plainLocals(node: Definition, given: ReadonlyMap<string, Guess>): Map<string, PlainLocal> {
  return new Locals(node, given).result()
}

class Locals {
  readonly #found = new Map<string, Found>()
  readonly #excluded = new Set<string>()
  /** Operands of arithmetic, of comparisons, and indices. */
  readonly #operands = new Set<string>()
  /** Variables that something is added to. */
  readonly #grown = new Set<string>()
  #changed = false

  constructor(node: Definition, given: ReadonlyMap<string, Guess>) {
    const body = node.body
    if (body === null) return
    const root: Block | Expr = body.kind === 'expression' ? body.expr : body.statements
    for (const [name, guess] of given) this.#found.set(name, guess ?? 'several')
    for (const p of node.params) if (p.mutable) this.#excluded.add(p.name)
    this.#exclude(root)
    // A variable's guess depends on those of others: until nothing changes. Each can change twice.
    do {
      this.#changed = false
      walk(root, (n) => this.#visit(n as Statement | Expr))
    } while (this.#changed)
  }

  result(): Map<string, PlainLocal> {
    const out = new Map<string, PlainLocal>()
    for (const [name, found] of this.#found) {
      if (this.#excluded.has(name) || found === 'none') continue
      const guess = found === 'several' ? undefined : found
      const operand = this.#operands.has(name)
      if (guess === undefined && !operand) continue
      out.set(name, {
        guess,
        slot: guess === 'double' || (guess === undefined && operand),
        tail: guess === 'string' && this.#grown.has(name),
      })
    }
    return out
  }

  #exclude(root: Block | Expr): void {
    const all = (names: Iterable<string>): void => {
      for (const name of names) this.#excluded.add(name)
    }
    walk(root, (n) => {
      const node = n as Statement | Expr
      switch (node.kind) {
        case 'assign':
          for (const t of node.targets) if (t.kind === 'index') all([t.name])
          return true
        case 'alias':
          all([node.name, node.source])
          return true
        case 'const':
          all([node.name])
          return true
        case 'try':
          all([node.variable])
          return true
        case 'undef':
          all(this.#found.keys())
          all(namesIn(root))
          return true
        case 'sql':
          all(namesIn(node.statement))
          return false
        case 'metacode':
          all(namesIn(node.items.map((item) => item.expr)))
          return false
        case 'methodCall':
          if (node.method.kind === 'name' && node.method.name.endsWith('!') && node.object.kind === 'name')
            all([node.object.name])
          return true
        case 'call':
          if (node.callee.kind === 'name' && node.callee.name.endsWith('!') && node.args[0]?.value?.kind === 'name')
            all([node.args[0].value.name])
          return true
        case 'lambda':
        case 'def':
          return false
        default:
          return true
      }
    })
  }

  #visit(node: Statement | Expr): boolean {
    switch (node.kind) {
      case 'assign':
        if (node.targets.length > 1) for (const t of node.targets) this.#assign(t.name, undefined)
        else if (node.targets[0].kind === 'name') {
          const { name } = node.targets[0]
          if (addedTo(node) !== undefined) this.#grown.add(name)
          if (node.op === null) this.#assign(name, this.#kindOf(node.value))
          else {
            this.#operand(name)
            this.#operandOf(node.value)
            this.#assign(name, this.#arithmetic(node.op, this.#found.get(name), this.#kindOf(node.value)))
          }
        } else for (const slot of node.targets[0].slots) this.#operandOf(slot)
        return true
      case 'for': {
        const counted = node.source.kind === 'range' || node.source.kind === 'pair'
        this.#assign(node.variable, counted ? 'int' : undefined)
        return true
      }
      case 'binary':
        if (ARITHMETIC.has(node.op) || COMPARISON.has(node.op)) {
          this.#operandOf(node.left)
          this.#operandOf(node.right)
        }
        return true
      case 'index':
        if (node.slots.length === 1) this.#operandOf(node.slots[0])
        return true
      case 'lambda':
      case 'def':
      case 'sql':
      case 'metacode':
        return false
      default:
        return true
    }
  }

  #operandOf(node: Expr | null): void {
    if (node?.kind === 'name') this.#operand(node.name)
  }

  #operand(name: string): void {
    this.#operands.add(name)
  }

  #assign(name: string, kind: Found): void {
    const before = this.#found.get(name) ?? 'none'
    const after = before === 'none' ? (kind ?? 'several') : kind === 'none' || kind === before ? before : 'several'
    if (after === before) return
    this.#found.set(name, after)
    this.#changed = true
  }

  #kindOf(node: Expr): Found {
    switch (node.kind) {
      case 'literal':
        return node.value === null ? undefined : LITERALS[node.type]
      case 'name':
        return this.#found.get(node.name)
      case 'binary':
        if (COMPARISON.has(node.op)) return 'bool'
        return ARITHMETIC.has(node.op)
          ? this.#arithmetic(node.op, this.#kindOf(node.left), this.#kindOf(node.right))
          : undefined
      case 'unary':
        return node.op === 'neg' ? this.#kindOf(node.operand) : undefined
      case 'ternary': {
        const [a, b] = [this.#kindOf(node.then), this.#kindOf(node.otherwise)]
        return a === 'none' ? b : b === 'none' || a === b ? a : undefined
      }
      case 'call':
        return node.callee.kind === 'name' && node.callee.name === 'string' ? 'string' : undefined
      default:
        return undefined
    }
  }

  #arithmetic(op: string, a: Found, b: Found): Found {
    if (a === 'none' || b === 'none') return 'none'
    return arithmeticGuess(op, known(a), known(b))
  }
}

/** What `x += y` or `x = x + y` adds, where y does not touch x. */
export function addedTo(node: AssignStatement): Expr | undefined {
  const { name } = node.targets[0]
  const { value } = node
  let added: Expr | undefined
  if (node.op === 'add') added = value
  else if (node.op === null && value.kind === 'binary' && value.op === 'add')
    added = value.left.kind === 'name' && value.left.name === name ? value.right : undefined
  return node.targets.length > 1 || added === undefined || namesIn(added).has(name) ? undefined : added
}

const known = (found: Exclude<Found, 'none'>): Guess => (found === 'several' ? undefined : found)

/** What an operator is expected to give. */
export function arithmeticGuess(op: string, a: Guess, b: Guess): Guess {
  if (a === 'string' || b === 'string') return op === 'add' && a === b ? 'string' : undefined
  if (op === 'ratio' || a === 'double' || b === 'double') return 'double'
  if (a === undefined || b === undefined || a === 'bool' || b === 'bool') return undefined
  return a === 'long' || b === 'long' ? 'long' : 'int'
}
