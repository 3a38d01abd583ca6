/**
 * Programs made up from a seed. Four kinds: calls of builtins with whatever arguments, scripts of the grammar over variables that have values, pieces of the
 * conformance scripts and examples put together and changed, and the same broken as text.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { damaged, ScriptGenerator } from '../../../lang/testing-grammar.ts'
import type { Builtin } from '../../../runtime/index.ts'
import { readScript } from '../../scripts/read.ts'
import type { Random } from '../../simulation/random.ts'
import { anyFamily, anyValue, VARIABLES } from './values.ts'

export type ProgramKind = 'calls' | 'grammar' | 'pieces' | 'damaged'

const SHARES: Readonly<Record<ProgramKind, number>> = { calls: 6, grammar: 3, pieces: 4, damaged: 2 }

export interface Program {
  readonly kind: ProgramKind
  /** Run one after the other in one session, whatever the one before came to. */
  readonly parts: readonly string[]
}

export function makeProgram(random: Random, builtins: readonly Builtin[]): Program {
  const kind = random.weighted(SHARES)
  switch (kind) {
    case 'calls':
      return { kind, parts: calls(random, builtins) }
    case 'grammar':
      return { kind, parts: [...prelude(random), ...times(6, () => new ScriptGenerator(random.next).script(1))] }
    case 'pieces':
      return { kind, parts: pieces(random) }
    case 'damaged':
      return {
        kind,
        parts: (random.chance(0.7) ? pieces(random) : calls(random, builtins)).map((part) =>
          damaged(part, random.next),
        ),
      }
  }
}

const times = (n: number, make: (k: number) => string): string[] => Array.from({ length: n }, (_, k) => make(k))

/** The variables, two tables and two functions. */
function prelude(random: Random): string[] {
  return [
    ...VARIABLES.map((name) => `${name} = ${anyValue(random)}`),
    't = table(1 2 3 4 as id, `A`B`A`C as sym, 1.5 2.5 NULL 4 as price, 10 20 30 40 as qty, 2024.01.01..2024.01.04 as date, 1 2 3 4 as x)',
    'u = table(`A`B as sym, 5 6 as w)',
    'def f(v, w=1){ return v }',
    'def g(v, w){ return v + w }',
  ]
}

// ---------------------------------------------------------------------------------------------------------------------
// Calls

function calls(random: Random, builtins: readonly Builtin[]): string[] {
  return times(VARIABLES.length, (k) => {
    const statement = `${VARIABLES[k]} = ${expression(random, builtins, VARIABLES.slice(0, k), 2)}`
    // Shown, and once more from inside a function, where code is compiled in another way.
    return random.chance(0.8)
      ? `${statement}\n${VARIABLES[k]}`
      : `def h${k}(){ ${statement}; return ${VARIABLES[k]} }\nh${k}()`
  })
}

function expression(random: Random, builtins: readonly Builtin[], known: readonly string[], depth: number): string {
  if (depth === 0 || random.chance(0.15))
    return known.length > 0 && random.chance(0.3) ? random.pick(known) : anyValue(random)
  const family = anyFamily(random)
  const argument = (): string =>
    random.chance(0.75)
      ? known.length > 0 && random.chance(0.1)
        ? random.pick(known)
        : anyValue(random, family)
      : expression(random, builtins, known, depth - 1)
  switch (random.weighted({ call: 12, method: 2, operator: 3, index: 2, suffix: 1, query: 1, partial: 1 })) {
    case 'call':
      return call(random, random.pick(builtins), argument)
    case 'method': {
      const { name, minArgs } = random.pick(builtins)
      return `(${argument()}).${name}(${times(Math.max(0, minArgs - 1), argument).join(', ')})`
    }
    case 'operator': {
      const op = random.pick([
        '+',
        '-',
        '*',
        '/',
        '\\',
        '%',
        '**',
        '<',
        '==',
        '&&',
        '||',
        '|',
        '&',
        '^',
        '<<',
        '$',
        '<-',
        ':',
        '..',
        ' in ',
        ' like ',
        ' between ',
      ])
      return `(${argument()})${op}(${argument()})`
    }
    case 'index':
      return `(${argument()})[${random.pick([argument, () => `${argument()}, ${argument()}`])()}]`
    case 'suffix':
      return `${random.pick(builtins).name}:${random.pick(['E', 'U', 'L', 'R', 'P', 'O', 'A', 'T', 'C', 'H', 'V'])}(${times(random.between(1, 2), argument).join(', ')})`
    case 'query': {
      const item = `${random.pick(builtins).name}(${random.pick(['id', 'v', 'sym', 'id, v', 'v, id', 'v, 2'])})`
      const rest = random.pick([
        '',
        ' group by sym',
        ' context by sym',
        ' where id > 1',
        ' order by v desc',
        ' pivot by sym, id',
      ])
      return `(select ${item} from table(1 2 3 as id, \`a\`b\`a as sym, 1.5 2.5 NULL as v)${rest})`
    }
    case 'partial':
      return `${random.pick(builtins).name}{${random.pick(['', ', '])}${argument()}}(${argument()})`
  }
}

function call(random: Random, { name, params, minArgs }: Builtin, argument: () => string): string {
  const most = params.some((p) => p.rest) ? minArgs + 2 : params.length
  const count = random.chance(0.05) ? random.int(6) : random.between(minArgs, most)
  const args = times(count, () => (random.chance(0.03) ? '' : argument()))
  return `${name}(${args.join(', ')})`
}

// ---------------------------------------------------------------------------------------------------------------------
// Pieces of scripts

let known: readonly (readonly string[])[] | undefined

/** The statements of each conformance script and example, in their order. */
function scripts(): readonly (readonly string[])[] {
  known ??= dosFiles(fileURLToPath(new URL('../../..', import.meta.url))).map((file) => {
    const text = readFileSync(file, 'utf8')
    const { expectations, rest } = readScript('', file, text)
    return [...expectations.map((e) => e.code), rest].filter((code) => code.trim() !== '')
  })
  return known
}

function dosFiles(folder: string): string[] {
  return [join(folder, 'test/scripts'), join(folder, 'examples')].flatMap((parent) =>
    readdirSync(parent, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.dos'))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort(),
  )
}

const WORD = /[A-Za-z_]\w*!?/g
const LITERAL = /(?<![\w.])\d[\w.]*|"[^"\n]*"|`\w+/g

/** A run of statements of one script, with some literals and names changed for others. */
function pieces(random: Random): string[] {
  const script = random.pick(scripts())
  if (script.length === 0) return ['']
  // Later statements need what the first ones define.
  const from = random.chance(0.5) ? 0 : random.int(script.length)
  const lines = script.slice(from, from + random.between(1, 20))
  if (random.chance(0.3)) lines.splice(random.int(lines.length), 0, random.pick(random.pick(scripts())) ?? '')
  return lines.map((line) => (random.chance(0.6) ? exchanged(line, random) : line))
}

function exchanged(text: string, random: Random): string {
  const pattern = random.chance(0.6) ? LITERAL : WORD
  const found = [...text.matchAll(pattern)]
  if (found.length === 0) return text
  const target = random.pick(found)
  const replacement = pattern === LITERAL && random.chance(0.7) ? anyValue(random) : random.pick(found)[0]
  return text.slice(0, target.index) + replacement + text.slice(target.index + target[0].length)
}
