// Random scripts from the grammar, for tests: most are right, and `damaged` breaks them.
//
// Everything follows from the seed, so that a failing text can be made again.

const pick = <T>(random: () => number, items: readonly T[]): T => items[Math.floor(random() * items.length)]

/** Numbers from 0 to 1 out of a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const VARIABLES = ['x', 'y', 'z', 'a', 'b', 't']
const FUNCTIONS = ['f', 'g', 'sum', 'avg', 'pow', 'iif']
const BINARY = '|| && < <= > >= == != <> | ^ & << >> + - * ** / \\ % $ <-'.split(' ')
const WORDS = ['and', 'or', 'add', 'mul', 'pow', 'take', 'join', 'lt', 'mod']
const COLUMNS = ['price', 'qty', 'sym', 'date', '_"a b"']
const JOINS = ['inner join', 'left join', 'left semi join', 'full join', 'right outer join', 'cross join', 'join']

/** What a generated expression stays clear of. */
export interface GrammarLimits {
  /** Only what metacode prints in the form in which it is read. */
  readonly printable?: boolean
}

export class ScriptGenerator {
  readonly #random: () => number
  readonly #printable: boolean

  constructor(random: () => number, limits: GrammarLimits = {}) {
    this.#random = random
    this.#printable = limits.printable ?? false
  }

  script(statements: number, depth = 3): string {
    return this.#repeat(1, statements, () => this.#statement(depth)).join('\n')
  }

  expression(depth = 4): string {
    if (depth <= 0) return this.#leaf()
    const inner = (): string => this.expression(depth - 1 - Math.floor(this.#random() * 2))
    const operand = (): string => this.#operand(depth - 1)
    const general: (() => string)[] = [
      () => `${operand()} ${this.#pick(BINARY)} ${operand()}`,
      () => `${operand()} ${this.#pick(BINARY)} ${operand()} ${this.#pick(BINARY)} ${operand()}`,
      () => `${this.#pick(['-', '!'])}${operand()}`,
      () => `${operand()} ${this.#pick(['in', 'not in', 'like', 'not like'])} ${operand()}`,
      () => `${operand()} between ${operand()} and ${operand()}`,
      () => `(${inner()})`,
      () => `${this.#pick(VARIABLES)}..${this.#pick(VARIABLES)}`,
      () => `${operand()} is ${this.#maybe('not ')}NULL`,
      () => `(${inner()}) ? ${inner()} : ${inner()}`,
      () => `case when ${inner()} then ${inner()} ${this.#maybe(`else ${inner()} `)}end`,
      operand,
    ]
    const written: (() => string)[] = [
      () => `${operand()} ${this.#pick(WORDS)} ${operand()}`,
      () => `sum ${this.#pick(['', '!'])}${this.#leaf()} ${this.#pick(BINARY)} ${operand()}`,
      () =>
        `${this.#pick(['+', '-', '**', 'sum', 'pow'])}:${this.#pick(['E', 'L', 'R', 'P', 'T', 'EC'])}(${inner()}, ${inner()})`,
      () => `${this.#pick(VARIABLES)} +:E ${operand()}`,
      () => `f(x->${inner()}, def(p, q){ return ${inner()} })`,
      () => `{p, q->${inner()}}(1, 2)`,
      () => `<${this.#pick(VARIABLES)} + ${operand()}>`,
      () => `{k: ${inner()}, "m": ${inner()}}`,
      () => `(${this.query(depth - 1)})`,
      () => `1 2 3 ${this.#pick(BINARY)} ${operand()}`,
    ]
    return this.#pick(this.#printable ? general : [...general, ...written])()
  }

  query(depth = 2): string {
    const expr = (): string => this.expression(depth - 1)
    const list = (item: () => string): string => this.#repeat(1, 3, item).join(', ')
    const from = (): string =>
      this.#pick([
        () => 't',
        () => 'loadTable("dfs://d", `p) as u',
        () => `t ${this.#pick(JOINS)} u on t.sym = u.sym`,
        () => 'ej(t, u, `sym)',
        () => (depth > 0 ? `(${this.query(depth - 1)})` : 't'),
      ])()
    const clauses = [
      this.#pick(['select', 'exec', 'SELECT']),
      this.#maybe(this.#pick(['distinct', 'top 3', 'top 1:4', '[HINT_KEEPORDER]'])),
      this.#pick([() => '*', () => list(() => `${expr()}${this.#maybe(' as c1')}`)])(),
      `from ${from()}`,
      this.#maybe(
        `where ${list(() => `${this.#pick(COLUMNS)} ${this.#pick(['=', '<', '!='])} ${this.#operand(depth - 1)}`)}`,
      ),
      this.#maybe(`${this.#pick(['group', 'context', 'pivot'])} by ${list(() => this.#pick(COLUMNS))}`),
      this.#maybe(`having ${expr()}`),
      this.#maybe(`order by ${list(() => `${this.#pick(COLUMNS)}${this.#pick([' asc', ' desc', ''])}`)}`),
      this.#maybe(`limit ${this.#pick(['3', '2, 5'])}`),
    ]
    return clauses.filter((c) => c !== '').join(' ')
  }

  #statement(depth: number): string {
    const expr = (): string => this.expression(depth)
    const body = (): string => `{\n${this.#repeat(1, 2, () => `  ${this.#statement(depth - 1)}`).join('\n')}\n}`
    if (depth <= 0) return `${this.#pick(VARIABLES)} = ${this.#leaf()}`
    return this.#pick([
      () => `${this.#pick(VARIABLES)} ${this.#pick(['=', '+=', '*='])} ${expr()}`,
      () => `${this.#pick(VARIABLES)}[${expr()}] = ${expr()}`,
      () => `a, b = ${expr()}, ${expr()}`,
      () => expr(),
      () => `if(${expr()})${body()}${this.#maybe(`else${body()}`)}`,
      () => `for(i in ${expr()})${body()}`,
      () => `do${body()}while(${expr()})`,
      () => `try${body()}catch(ex)${body()}`,
      () => `def h${Math.floor(this.#random() * 1000)}(p, mutable q){\n  return ${expr()}\n}`,
      () => this.query(depth - 1),
      () => `update t set qty = ${expr()} where ${expr()}`,
      () => `delete from t where ${expr()}`,
      () => `insert into t values(${expr()}, ${expr()})`,
      () => `assert 1, ${expr()}`,
      () => `timer x = ${expr()}`,
    ])()
  }

  /** Something that binds tighter than any operator. */
  #operand(depth: number): string {
    if (depth <= 0) return this.#leaf()
    const inner = (): string => this.expression(depth - 1)
    return this.#pick([
      () => this.#leaf(),
      () => `(${inner()})`,
      () => `${this.#pick(FUNCTIONS)}(${this.#repeat(0, 3, inner).join(', ')})`,
      () => `${this.#pick(VARIABLES)}[${this.#repeat(1, 2, inner).join(', ')}]`,
      () => `[${this.#repeat(2, 3, inner).join(', ')}]`,
      () => `(${inner()}, ${inner()})`,
      () => `${this.#pick(VARIABLES)}.${this.#pick(['price', 'qty'])}`,
      () => `f(pow{${inner()}}, ${inner()})`,
      ...(this.#printable ? [] : [() => `${this.#pick(VARIABLES)}.f(${inner()})`, () => `sum@${this.#leaf()}`]),
    ])()
  }

  #leaf(): string {
    const plain = [...VARIABLES, '1', '22', '2.5', '"text"', 'true', 'NULL']
    const written = ['1 2 3', '`a`b', "'c'", '-3', '3.5f', '2024.01.02', '10:30m', '5d', '00i', 'INT', 'pi', '[]', '()']
    return this.#pick(this.#printable ? plain : [...plain, ...written])
  }

  #pick<T>(items: readonly T[]): T {
    return pick(this.#random, items)
  }

  #maybe(text: string): string {
    return this.#random() < 0.3 ? text : ''
  }

  #repeat(least: number, most: number, item: () => string): string[] {
    return Array.from({ length: least + Math.floor(this.#random() * (most - least + 1)) }, item)
  }
}

const NOISE =
  '( ) [ ] { } , ; : = == < > -> . .. :: ! & @ # ? ` " \' select from where by as in and not def if else return \n 1 x'.split(
    ' ',
  )

/** The text with pieces removed, doubled, moved or put in. */
export function damaged(text: string, random: () => number): string {
  const pieces = text.match(/\w+|\s+|[^\w\s]/g) ?? []
  const times = 1 + Math.floor(random() * 4)
  for (let k = 0; k < times && pieces.length > 0; k++) {
    const at = Math.floor(random() * pieces.length)
    const how = Math.floor(random() * 4)
    if (how === 0) pieces.splice(at, 1)
    else if (how === 1) pieces.splice(at, 0, pick(random, pieces))
    else if (how === 2) pieces.splice(at, 0, pick(random, NOISE))
    else pieces.length = at
  }
  return pieces.join('')
}
