import { describe, expect, it } from 'vitest'
import { tokenize } from './lexer.ts'
import { dumpScript } from './testing-dump.ts'
import { damaged, randomFrom, ScriptGenerator } from './testing-grammar.ts'

describe('a scalar literal is decoded', () => {
  it.each([
    ['NULL', 'NULL'],
    ['null', 'NULL'],
    ['true', 'true'],
    ['false', 'false'],
    ['1b', 'true'],
    ['0b', 'false'],
    ['00b', 'BOOL:null'],
    ["'a'", 'CHAR:97'],
    ['97c', 'CHAR:97'],
    ["'\\n'", 'CHAR:10'],
    ['00c', 'CHAR:null'],
    ['-128c', 'CHAR:-128'],
    ['122h', 'SHORT:122'],
    ['00h', 'SHORT:null'],
    ['21', '21'],
    ['21i', '21'],
    ['000001', '1'],
    ['00i', 'INT:null'],
    ['00P', 'DECIMAL64:null'],
    ['22l', 'LONG:22'],
    ['2147483648', 'LONG:2147483648'],
    ['-2147483648', 'LONG:-2147483648'],
    ['99999999999999999999', 'LONG:9223372036854775807'],
    ['00l', 'LONG:null'],
    ['2.1f', 'FLOAT:2.0999999046325684'],
    ['3f', 'FLOAT:3'],
    ['00f', 'FLOAT:null'],
    ['2.1', 'DOUBLE:2.1'],
    ['3F', 'DOUBLE:3'],
    ['2.1F', 'DOUBLE:2.1'],
    ['10.', 'DOUBLE:10'],
    ['1e-9', 'DOUBLE:1e-9'],
    ['4e-2', 'DOUBLE:0.04'],
    ['1E8', 'DOUBLE:100000000'],
    ['00F', 'DOUBLE:null'],
    ['.5', 'DOUBLE:0.5'],
    ['3.141P', 'DECIMAL64:3141/3'],
    ['3P', 'DECIMAL64:3/0'],
    ['-3.14P', 'DECIMAL64:-314/2'],
    ['2020.01.31', 'DATE:18292'],
    ['00d', 'DATE:null'],
    ['2020.01M', 'MONTH:24240'],
    ['2020.12M', 'MONTH:24251'],
    ['00M', 'MONTH:null'],
    ['12:30m', 'MINUTE:750'],
    ['00m', 'MINUTE:null'],
    ['13:30:10', 'SECOND:48610'],
    ['13:30:10s', 'SECOND:48610'],
    ['00s', 'SECOND:null'],
    ['13:30:10.008', 'TIME:48610008'],
    ['00t', 'TIME:null'],
    ['13:30:10.008007006', 'NANOTIME:48610008007006'],
    ['13:30:10.008007', 'NANOTIME:48610008007000'],
    ['00n', 'NANOTIME:null'],
    ['2012.06.13T13:30:10', 'DATETIME:1339594210'],
    ['2012.06.13 13:30:10', 'DATETIME:1339594210'],
    ['2012.06.13 13:30:10.008', 'TIMESTAMP:1339594210008'],
    ['2012.06.13T13:30:10.008007006', 'NANOTIMESTAMP:1339594210008007006'],
    ['00D 00T 00N', '(run DATETIME:null TIMESTAMP:null NANOTIMESTAMP:null)'],
    ['150ms 5m 1H 3d 2y 3XNYS', '(run DURATION:150ms DURATION:5m DURATION:1H DURATION:3d DURATION:2y DURATION:3XNYS)'],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('a unit letter tells a typed number from a duration', () => {
  it.each([
    ['3b', 'true'],
    ['3B', 'DURATION:3B'],
    ['3h', 'SHORT:3'],
    ['3H', 'DURATION:3H'],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('strings, characters and backtick words', () => {
  it.each([
    ['"a"', '"a"'],
    ["'ab'", '"ab"'],
    ["''", '""'],
    ["'x'", 'CHAR:120'],
    ['`x', '"x"'],
    ['`', '""'],
    ['`_', '"_"'],
    ['`10.9', '"10.9"'],
    ['`2011.10.12', '"2011.10.12"'],
    ['"a\\tb\\\\c\\\'d\\"e\\qf"', '"a\\tb\\\\c\'d\\"e\\\\qf"'],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('constants separated by blanks form one run', () => {
  it.each([
    ['`IBM`MS `GS', '(run "IBM" "MS" "GS")'],
    ['"Goldman Sachs" "Morgan"', '(run "Goldman Sachs" "Morgan")'],
    ['`C 120`BH 100', '(run "C" 120 "BH" 100)'],
    ['true false NULL true', '(run true false NULL true)'],
    ['10:30:01 10:30:03', '(run SECOND:37801 SECOND:37803)'],
    ['1 -1 2', '(run 1 -1 2)'],
    ['1 - 1', '(sub 1 1)'],
    ['1-1', '(sub 1 1)'],
    ['1 -1', '(run 1 -1)'],
    ['x -1', '(sub x 1)'],
    ['x-1', '(sub x 1)'],
    ['x - 1', '(sub x 1)'],
    ['1 2 3 + 4', '(add (run 1 2 3) 4)'],
    ['1..6$2:3', '(cast (seq 1 6) (pair 2 3))'],
    ['6 4 2$3:1', '(cast (run 6 4 2) (pair 3 1))'],
    ['10 2.5', '(run 10 DOUBLE:2.5)'],
    ['7 2021.05.03 `ABC', '(run 7 DATE:18750 "ABC")'],
    ['2012.12.03 12:06:09 2012.12.03 13:08:01', '(run DATETIME:1354536369 DATETIME:1354540081)'],
    ['1 NULL 3', '(run 1 NULL 3)'],
    ['-1 -2', '(run -1 -2)'],
    ['1 2 `a`b', '(run 1 2 "a" "b")'],
    ['1.5 .5', '(run DOUBLE:1.5 DOUBLE:0.5)'],
    ['1 2-1', '(sub (run 1 2) 1)'],
    ['00i 00l', '(run INT:null LONG:null)'],
    ['(1) -1', '(sub 1 1)'],
    ['f(1) -1', "(sub (call f' 1) 1)"],
    ['x[1] -1', '(sub (index x 1) 1)'],
    ['pi -1', '(sub :pi 1)'],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('points: ranges, members and reals', () => {
  it.each([
    ['1..10', '(seq 1 10)'],
    ['10..1', '(seq 10 1)'],
    ['10.5..12', '(seq DOUBLE:10.5 12)'],
    ['1.e5', '(. 1 "e5")'],
    ['z.3', '(. z 3)'],
    ['z.(3 5)', '(. z (run 3 5))'],
    ['z."a b"', '(. z "a b")'],
    ['z.`a', "1:3 expected a name after the point, found '`a'"],
    ['d.2', '(. d 2)'],
    ['z.3.size()', "(method (. z 3) size')"],
    ['x.5', '(. x 5)'],
    ['d.2 + 1', '(add (. d 2) 1)'],
    ['x .5', "1:3 expected the end of the statement, found '.5'"],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('a minus before a number belongs to it', () => {
  it.each([
    ['-5 3', '(run -5 3)'],
    ['-x', '(neg x)'],
    ['- 5', '(neg 5)'],
    ['-1b', '(neg true)'],
    ['-128c', 'CHAR:-128'],
    ['128c', '1:1 128 is outside the range of CHAR.'],
    ['-129c', '1:1 -129 is outside the range of CHAR.'],
    ['40000h', '1:1 40000 is outside the range of SHORT.'],
    ['-32768h', 'SHORT:-32768'],
    ['2147483648i', '1:1 2147483648 is outside the range of INT.'],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('dates and times must exist', () => {
  it.each([
    ['2020.13.01', '1:1 2020.13.01 is no date or time.'],
    ['2020.02.30', '1:1 2020.02.30 is no date or time.'],
    ['2019.02.29', '1:1 2019.02.29 is no date or time.'],
    ['2020.02.29', 'DATE:18321'],
    ['25:00:00', '1:1 25:00:00 is no date or time.'],
    ['12:60m', '1:1 12:60m is no date or time.'],
    ['2020.01.01T24:00:00', '1:1 2020.01.01T24:00:00 is no date or time.'],
    ['2020.13M', '1:1 2020.13M is no date or time.'],
    ['2020.00.10', '1:1 2020.00.10 is no date or time.'],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('texts that are no tokens are errors at their place', () => {
  it.each([
    ['"unclosed', '1:1 The string is not closed.'],
    ['x = 1 /* open', '1:7 The comment is not closed.'],
    ['x ~ y', "1:3 expected the end of the statement, found '~'"],
    ['x = 1\ny = "abc', '2:5 The string is not closed.'],
    ['1x', "1:2 expected the end of the statement, found 'x'"],
    ['0x12', "1:2 expected the end of the statement, found 'x12'"],
    ['file-name = 1', "1:11 Please use '==' rather than '=' as equal operator in non-sql expression. RefId: S06011"],
    ['_x = 1', '1:1 The character _ starts no token.'],
    ['~', "1:1 expected an expression, found '~'"],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('comments may stand where blanks may', () => {
  it.each([
    ['// comment', ''],
    ['/* a\nb */ x = 1 // c', '(= x 1)'],
    ['x = /* c */ 1 + // why\n2', '(= x (add 1 2))'],
    ['f(1, // one\n  2) /* done */', "(call f' 1 2)"],
    ['"dfs://x"', '"dfs://x"'],
    ['x // y\n+ 1', "2:1 expected an expression, found '+'"],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('the tokens of any text', () => {
  const BETWEEN = /^(?:[ \t\r\f\u00a0\ufeff]|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*$/

  it('hold what stands at their place, with blanks and comments between them and nothing left out', () => {
    let refused = 0
    for (let seed = 1; seed <= 200; seed++) {
      const random = randomFrom(seed)
      const right = new ScriptGenerator(random).script(3)
      for (const text of [right, damaged(right, random), `${right} // the end`, right.replaceAll(' ', ' /* \n */\t')]) {
        const tokens = tokenize(text)
        let end = 0
        for (let k = 0; k < tokens.length; k++) {
          const { image, startOffset, endOffset } = tokens.make(k)
          expect(image).toBe(text.slice(startOffset, endOffset + 1))
          expect(text.slice(end, startOffset)).toMatch(BETWEEN)
          end = endOffset + 1
        }
        if (tokens.errorAt === undefined) expect(text.slice(end)).toMatch(BETWEEN)
        else refused++
        expect(text.slice(end, tokens.errorAt)).toMatch(BETWEEN)
      }
    }
    expect(refused).toBeGreaterThan(0)
  })
})
