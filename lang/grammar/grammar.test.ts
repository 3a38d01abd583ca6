import type { IToken } from 'chevrotain'
import { describe, expect, it } from 'vitest'
import type { Statement } from '../ast.ts'
import { parseScript, SourceText } from '../index.ts'
import { W } from '../keywords.ts'
import { MAX_NESTING } from '../parser/cursor.ts'
import { testNames } from '../testing-dump.ts'
import { GrammarBase, type Rule } from './base.ts'
import { openText } from './grammars.ts'
import { ScriptGrammar } from './script.ts'
import { ServerGrammar } from './server.ts'
import { SqlGrammar } from './sql.ts'

/** Two ways to read one word. */
class Ambiguous extends GrammarBase {
  protected readonly twice: Rule<[], IToken> = this.rule('twice', () =>
    this.OR([{ ALT: () => this.CONSUME(W.add) }, { ALT: () => this.CONSUME2(W.add) }]),
  )

  constructor() {
    super({ validate: true })
    this.performSelfAnalysis()
  }
}

describe('the validation of a grammar', () => {
  it.each([
    ['scripts', ScriptGrammar],
    ['SQL', SqlGrammar],
    ['statements about the server', ServerGrammar],
  ])('finds no ambiguous alternatives, no left recursion and no missing rule in that of %s', (_, Grammar) => {
    expect(() => new Grammar({ validate: true })).not.toThrow()
  })

  it('finds two alternatives that begin alike', () => {
    expect(() => new Ambiguous()).toThrow(/Ambiguous/)
  })
})

describe('a grammar', () => {
  const isRecorded = (grammar: ScriptGrammar): boolean =>
    (grammar as unknown as { selfAnalysisDone: boolean }).selfAnalysisDone
  const parse = (grammar: ScriptGrammar, text: string) => {
    const statements: Statement[] = []
    grammar.parseUnit(openText(new SourceText(text), testNames()), statements)
    return statements.map((s) => s.kind)
  }

  // Recording takes longer than all else before the first statement.
  it.each([
    ['1 + 1', 'expression'],
    ['x = f(1, y[2])', 'assign'],
    ['a, b[1] += (1, 2)', 'assign'],
    ['if(x > 1){ y = 1; z = 2 } else return y', 'if'],
    ['for(i in 0:3){ if(i == 1) continue; print(i) }', 'for'],
    ['while(x){ break }', 'while'],
    ['try{ f(1) }catch(ex){ throw ex }', 'try'],
  ])('does not record itself for %j', (text, kind) => {
    const grammar = new ScriptGrammar()
    expect(parse(grammar, text)).toEqual([kind])
    expect(isRecorded(grammar)).toBe(false)
  })

  it('records itself in the middle of a text when a rule looks ahead, and goes on there', () => {
    const grammar = new ScriptGrammar()
    expect(parse(grammar, 'x = 1\ndef f1(a, b=2){ return a + b }\nf1(x)')).toEqual(['assign', 'def', 'expression'])
    expect(isRecorded(grammar)).toBe(true)
  })
})

describe('an exhausted stack', () => {
  // The threads of tests have less stack than session threads.
  it.each([
    ['parentheses', '(', 'x', ')'],
    ['queries', 'select a from (', 't', ')'],
    ['blocks', 'if(x){', 'y = 1', '}'],
    ['errors caught', 'try{', 'y = 1', '}catch(ex){}'],
  ])('by %s is one clear error, and the next text parses', (_, open, inner, close) => {
    const parse = (text: string) => parseScript(new SourceText(text), testNames())
    const levels = 2 * MAX_NESTING + 1
    const { errors } = parse(open.repeat(levels) + inner + close.repeat(levels))
    expect(errors.map((e) => e.message)).toEqual([expect.stringMatching(/^This is nested too deeply/)])
    expect(parse('select a from t where b = {x -> x + 1}(3)').errors).toEqual([])
  })
})
