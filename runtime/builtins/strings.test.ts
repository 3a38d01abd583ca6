import { describe, expect, it } from 'vitest'
import type { Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { T } from '../values/types.ts'
import { libraryBuiltins } from './library-index.ts'
import { int, ints, library, scalar, strings, symbols, text } from './library-testing.ts'

const { show, call } = library(libraryBuiltins)

describe('string functions', () => {
  const cases: [string, (Value | undefined)[], string][] = [
    ['concat', [text('hello'), text('world')], 'helloworld'],
    ['concat', [strings('IBM', 'GOOG', 'APPL'), text(',')], 'IBM,GOOG,APPL'],
    ['concat', [strings('a', 'b')], 'ab'],
    ['concat', [strings(), text(',')], ''],
    ['concat', [ints(1, 2), text('-')], '1-2'],
    ['strlen', [strings('', 'abc', 'né')], '[0,3,3]'],
    ['strlenu', [text('né')], '2'],
    ['upper', [text('ibm')], 'IBM'],
    ['upper', [scalar(T.CHAR, 97)], "'A'"],
    ['lower', [symbols('IBM', 'GS')], '["ibm","gs"]'],
    ['trim', [text('  a b ')], 'a b'],
    ['ltrim', [text('  a ')], 'a '],
    ['rtrim', [text(' a  ')], ' a'],
    ['strip', [text('\t a\r\n')], 'a'],
    ['substr', [text('This is a test'), int(0), int(4)], 'This'],
    ['substr', [text('This is a test'), int(5), int(100)], 'is a test'],
    ['substr', [text('abc'), int(5)], ''],
    ['substr', [text('abc'), ints(0, 1)], '["abc","bc"]'],
    ['left', [text('Hello World!'), int(8)], 'Hello Wo'],
    ['right', [text('Hello World!'), int(8)], 'o World!'],
    ['right', [text('ab'), int(8)], 'ab'],
    ['lpad', [text('Hello'), int(2)], 'He'],
    ['lpad', [text('Hello'), int(10)], '     Hello'],
    ['lpad', [text('Hello'), int(12), text('0')], '0000000Hello'],
    ['rpad', [text('Hello'), int(12), text('ab')], 'Helloabababa'],
    ['repeat', [strings('AB', 'CD'), int(2)], '["ABAB","CDCD"]'],
    ['charAt', [text('hello'), int(1)], "'e'"],
    ['charAt', [text('hello'), int(9)], '00c'],
    ['split', [text('xyz1'), text('xyz')], '[,"1"]'],
    ['split', [text('xyz 1,ABCD 3241.32'), text(',')], '["xyz 1","ABCD 3241.32"]'],
    ['split', [text('ab')], "['a','b']"],
    ['split', [strings('a,b', 'c'), text(',')], '(["a","b"],["c"])'],
    [
      'strReplace',
      [text('The ball is red. Lucy likes red.'), text('red'), text('$&')],
      'The ball is $&. Lucy likes $&.',
    ],
    ['startsWith', [strings('US product', ''), text('US')], '[true,false]'],
    ['endsWith', [text('x.csv'), text('.csv')], 'true'],
    ['strpos', [text('abcdefg'), text('cd')], '2'],
    ['strpos', [text('éa'), text('a')], '2'],
    ['strpos', [text('abc'), text('x')], '-1'],
    ['regexFind', [text('1231hsdU777_ DW#122ddd'), text('[0-9]+')], '0'],
    ['regexFind', [text('1231hsdU777_ DW#122ddd'), text('[0-9]+'), int(7)], '8'],
    ['regexReplace', [text('abc234 ff456'), text('[a-z]'), text('z')], 'zzz234 zz456'],
    ['regexReplace', [text('(100)-(200)'), text('\\((\\d+)\\)'), text('<$1>')], '<100>-<200>'],
    ['regexCount', [text('1231hsdU777_ DW#122ddd'), text('[0-9]+')], '3'],
    ['regexFindStr', [text('234 ff456'), text('[0-9]+')], '234'],
    ['regexFindStr', [text('234 ff456'), text('[0-9]+'), scalar(T.BOOL, 0)], '["234","456"]'],
    ['isAlpha', [strings('abc', 'a1', '')], '[true,false,false]'],
    ['isNumeric', [strings('123', 'a1', '')], '[true,false,false]'],
    ['isUpper', [text('ABC 123')], 'true'],
    ['isUpper', [text('123')], 'false'],
    ['isTitle', [strings('Hello World', 'Hello world')], '[true,false]'],
    ['initcap', [text('hello WORLD')], 'Hello World'],
    ['wc', [text('apple, orange  and')], '3'],
    ['crc32', [text('123456789')], String(0xcbf43926 | 0)],
    ['base64Encode', [text('hello')], 'aGVsbG8='],
    ['base64Decode', [text('aGVsbG8=')], 'hello'],
    ['hex', [ints(16, 25)], '["00000010","00000019"]'],
    ['hashBucket', [ints(34, 45, 67), int(10)], '[4,5,7]'],
    [
      'hashBucket',
      [symbols('AAPL', 'TSLA', 'GS', 'MS', 'GE', 'BA', 'UAL', 'WMT', ''), int(10)],
      '[9,4,1,8,3,7,5,2,-1]',
    ],
  ]
  it.each(cases.map(([name, args, expected]) => [name, expected, args] as const))(
    '%s gives %s',
    (name, expected, args) => expect(show(name, ...args)).toBe(expected),
  )

  it('md5 is the digest as INT128', () => expect(show('md5', text(''))).toBe('d41d8cd98f00b204e9800998ecf8427e'))

  it('keep SYMBOL vectors as SYMBOL', () => {
    expect((call('upper', symbols('a', 'b', 'a', 'a')) as { type: number }).type).toBe(T.SYMBOL)
    expect((call('upper', symbols('a')) as { type: number }).type).toBe(T.SYMBOL)
  })

  it('touch only the text columns of a table', () => {
    const t = new Table(['a', 'b'], [strings('x'), ints(1)])
    expect(show('upper', t)).toBe('a b\n- -\nX 1')
  })

  it('refuse what is not text and vectors of different length', () => {
    expect(() => call('strlen', ints(1))).toThrow('Usage: strlen(X).')
    expect(() => call('left', strings('a', 'b'), ints(1, 2, 3))).toThrow('Incompatible vector size')
    expect(() => call('regexFind', text('a'), text('('))).toThrow('Invalid regular expression')
  })
})
