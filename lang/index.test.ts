// biome-ignore lint/style/noRestrictedImports: the scripts that this test mutates are files
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import fc from '../test/properties.ts'
import { formatError, isComplete, ParseError, parseExpression, parseScript, ScriptParser, SourceText } from './index.ts'
import { tokenize } from './lexer.ts'
import { dumpExpr, dumpScript, dumpStatement, testNames } from './testing-dump.ts'

const names = testNames()
const examples = ['language_tour', 'analysis', 'sql', 'backup_and_restore', 'jobs'].map((name) =>
  readFileSync(new URL(`../examples/${name}.dos`, import.meta.url), 'utf8'),
)

describe('errors', () => {
  it.each([
    ['each line may have one', 'x = 1 2 x\ny = )\nz = 3', '1:9 expected', '2:5 expected'],
    [
      'an error inside a function leaves the rest of its body unread',
      'def f1(a){\n  x = = 1\n  y = = 2\n}\nz = = 3',
      '2:7',
      '5:5',
    ],
    ['one after a go is found as well', 'x = = 1\ngo\ny = = 2', '1:5', '3:5'],
    [
      'a declaration without a definition is found at the end',
      'def f1(a)\nx = = 1',
      '2:5',
      '1:5 Function <f1> is declared',
    ],
  ])('%s', (_, text, first, second) => {
    const found = dumpScript(text).split('; ')
    expect(found).toHaveLength(2)
    expect(found[0]).toContain(first)
    expect(found[1]).toContain(second)
  })

  it('are shown with their line, column and a caret', () => {
    const source = new SourceText('x = 1\ny = x = 2', 'a.dos')
    const [error] = parseScript(source, names).errors
    expect(formatError(error, source)).toBe(
      "Syntax Error: [line #2] Please use '==' rather than '=' as equal operator in non-sql expression. RefId: S06011\n" +
        '  at a.dos:2:7\n  y = x = 2\n        ^',
    )
    expect(error.refId).toBe('S06011')
  })

  it('of a long line show the part around their place', () => {
    const shown = (text: string) =>
      formatError(parseScript(new SourceText(text), names).errors[0], new SourceText(text))
    const [, , line, caret] = shown(`x = [${'1, '.repeat(200)} ) ${', 1'.repeat(200)}]`).split('\n')
    expect(line.length).toBe(2 + 3 + 160 + 3)
    expect(line[caret.length - 1]).toBe(')')
    const [, , end, endCaret] = shown(`x = [${'1, '.repeat(200)})`).split('\n')
    expect(end.startsWith('  ...')).toBe(true)
    expect(end[endCaret.length - 1]).toBe(')')
    const [, , begin, beginCaret] = shown(`x = = ${'1, '.repeat(200)})`).split('\n')
    expect([begin.slice(0, 9), begin.slice(-3), beginCaret]).toEqual(['  x = = 1', '...', '      ^'])
  })

  it.each(['(', '[', 'f(', 'x -> ', 'f ', 'if(x){', '{a: ', 'def(a){', 'select a from (', 'x ? 1 : '])(
    'nesting %s without end is an error, not a crash',
    (open) => {
      const { errors } = parseScript(new SourceText(`${open.repeat(20_000)}x`), names)
      expect(errors[0].message).toContain('nested too deeply')
      expect(() => parseExpression(new SourceText('('.repeat(20_000)), names)).toThrow(ParseError)
    },
  )
})

describe('a text at the prompt', () => {
  it.each([
    ['x = 1', true],
    ['x = 1 +', false],
    ['f(1,', false],
    ['[1, 2', false],
    ['def f1(a){', false],
    ['def f1(a){ return a }', true],
    ['def f1(a)', false],
    ['def f1(a)\n{\n  return a\n}', true],
    ['if(x){ y', false],
    ['try{ x }', false],
    ['do{ x }', false],
    ['x = "abc', false],
    ['/* about', false],
    ['x = )', true],
    ['select a from t', true],
    ['select a from', false],
    ['update t set', false],
    ['select a from t\ngroup by', false],
    ['<x', false],
    ['{a: 1', false],
    ['', true],
  ])('%j is complete: %s', (text, complete) => {
    expect(isComplete(text, names)).toBe(complete)
  })
})

describe('units', () => {
  it('end at go, so that what the first defines decides how the next reads', () => {
    const defined = new Set<string>()
    const parser = new ScriptParser(new SourceText('made x\ngo\nmade x\n'), {
      ...names,
      isFunction: (name) => defined.has(name),
    })
    expect(() => parser.nextUnit()).toThrow(ParseError)
    const second = new ScriptParser(new SourceText('y = 1\ngo\nmade x\n'), {
      ...names,
      isFunction: (name) => defined.has(name),
    })
    expect(second.nextUnit()?.map(dumpStatement)).toEqual(['(= y 1)'])
    defined.add('made')
    expect(second.nextUnit()?.map(dumpStatement)).toEqual(["(apply made' x)"])
    expect(second.nextUnit()).toBeUndefined()
  })

  it('may be empty', () => {
    expect(dumpScript('go\n\ngo\nx')).toBe('x')
  })
})

describe('an expression of its own', () => {
  it.each([
    ['a = 1 and b > 2', '(and (eq ?a 1) (gt ?b 2))'],
    ['sum(x)\n+ 1', '(add (call ?sum ?x) 1)'],
    ['select a from t', '(select ?a (from ?t))'],
  ])('%s is read as in metacode', (text, tree) => {
    expect(dumpExpr(parseExpression(new SourceText(text), testNames('')).expr)).toBe(tree)
  })

  it.each(['', '1 2 +', 'x y', 'x = 1; y'])('%j is refused', (text) => {
    expect(() => parseExpression(new SourceText(text), names)).toThrow(ParseError)
  })
})

describe('any text', () => {
  it('of the examples parses', () => {
    for (const text of examples) expect(parseScript(new SourceText(text), testNames('')).errors).toEqual([])
  })

  const images = examples.map((text) => {
    const tokens = tokenize(text)
    return Array.from({ length: tokens.length }, (_, k) => tokens.image(k))
  })
  const pool = [
    ...new Set(images.flat()),
    ...'-> :: : ? <[ ]> _$x `a 1 "s" { } select from where <- .. ! & @ ='.split(' '),
  ]
  const mutation = fc.record({
    what: fc.constantFrom('delete', 'duplicate', 'swap', 'insert'),
    at: fc.nat(10_000),
    other: fc.nat(10_000),
    blank: fc.boolean(),
  })

  it('parses or is refused with a ParseError inside the text', () => {
    fc.assert(
      fc.property(
        fc.nat(images.length - 1),
        fc.nat(),
        fc.array(mutation, { minLength: 1, maxLength: 12 }),
        (which, begin, mutations) => {
          const all = images[which]
          const start = begin % all.length
          const tokens = all.slice(start, start + 120)
          for (const { what, at, other } of mutations) {
            const k = at % tokens.length
            const j = other % tokens.length
            if (what === 'delete' && tokens.length > 1) tokens.splice(k, 1)
            else if (what === 'duplicate') tokens.splice(k, 0, tokens[j])
            else if (what === 'insert') tokens.splice(k, 0, pool[other % pool.length])
            else [tokens[k], tokens[j]] = [tokens[j], tokens[k]]
          }
          const text = tokens.map((t, k) => t + (mutations[k % mutations.length].blank ? ' ' : '')).join('')
          const source = new SourceText(text)
          const { statements, errors } = parseScript(source, names)
          for (const s of statements) dumpStatement(s)
          for (const error of errors) {
            expect(error).toBeInstanceOf(ParseError)
            expect(error.span.start).toBeLessThanOrEqual(text.length)
            formatError(error, source)
          }
          isComplete(text, names)
        },
      ),
      { numRuns: 1500 },
    )
  })
})
