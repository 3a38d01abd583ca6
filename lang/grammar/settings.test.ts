import { describe, expect, it } from 'vitest'
import { formatError, isComplete, parseScript, SourceText } from '../index.ts'
import { dumpScript } from '../testing-dump.ts'

describe('statements about settings and checkpoints', () => {
  it.each([
    ['SET CLUSTER SETTING ts.wal.wal_level = 1', '(setSetting ts.wal.wal_level 1)'],
    ["set cluster setting ts.wal.checkpoint_interval = '5m';", '(setSetting ts.wal.checkpoint_interval "5m")'],
    ['Set Cluster Setting a="x y"', '(setSetting a "x y")'],
    ["SET CLUSTER SETTING a = '5'", '(setSetting a "5")'],
    ['SET CLUSTER SETTING a = dual', '(setSetting a "dual")'],
    ['SET CLUSTER SETTING a = 5m', '(setSetting a "5m")'],
    ['SET CLUSTER SETTING a = 64MiB', '(setSetting a "64MiB")'],
    ['SET CLUSTER SETTING a = 64M', '(setSetting a "64M")'],
    ['SET CLUSTER SETTING a = 1.5GiB', '(setSetting a "1.5GiB")'],
    ['SET CLUSTER SETTING a = 1.5', '(setSetting a DOUBLE:1.5)'],
    ['SET CLUSTER SETTING a = -1', '(setSetting a "-1")'],
    ['SET CLUSTER SETTING a = 68719476736', '(setSetting a LONG:68719476736)'],
    ['SET CLUSTER SETTING a = true', '(setSetting a true)'],
    ['SET CLUSTER SETTING a = DEFAULT', '(setSetting a)'],
    ['set cluster setting a = default // as before', '(setSetting a)'],
    ['SET CLUSTER SETTING a = 1; SET CLUSTER SETTING b = c\nx', '(setSetting a 1); (setSetting b "c"); x'],
    ['SHOW CLUSTER SETTINGS', '(showSetting)'],
    ['show cluster setting ts.wal.rotation;', '(showSetting ts.wal.rotation)'],
    ['CHECKPOINT CREATE; checkpoint release', '(checkpoint create); (checkpoint release)'],
    [
      'if(x > 1) set cluster setting a = 1 else checkpoint create',
      '(if (gt x 1) {(setSetting a 1)} {(checkpoint create)})',
    ],
    ['def f1(){ CHECKPOINT CREATE }', '(def f1 [] {(checkpoint create)})'],
    ['try { show cluster settings } catch(ex) { }', '(try {(showSetting)} ex {})'],
    // A variable of the same name changes nothing.
    ['set = 1; set cluster setting a = 2', '(= set 1); (setSetting a 2)'],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('their words in other places', () => {
  it.each([
    ['set(1 2 3)', '(call ?set (run 1 2 3))'],
    ['set = 3; set + 1', '(= set 3); (add set 1)'],
    ['show = 1; show', '(= show 1); show'],
    ['checkpoint()', '(call ?checkpoint)'],
    ['checkpoint = 2; checkpoint * 2', '(= checkpoint 2); (mul checkpoint 2)'],
    [
      'def set(a){ return a }; cluster = 1; set cluster',
      "(def set [a] {(return a)}); (= cluster 1); (apply set' cluster)",
    ],
    [
      'create = 1; def checkpoint(a){ return a }; checkpoint create',
      "(= create 1); (def checkpoint [a] {(return a)}); (apply checkpoint' create)",
    ],
    ['setting = 1; settings = 2; setting + settings', '(= setting 1); (= settings 2); (add setting settings)'],
    [
      'def cluster(a, b){ return a }; show = 1; settings = 2; show cluster settings',
      "(def cluster [a b] {(return a)}); (= show 1); (= settings 2); (infix cluster' show settings)",
    ],
    ['def show(a){ return a }; show(1)', "(def show [a] {(return a)}); (call show' 1)"],
  ])('%j', (text, tree) => {
    expect(dumpScript(text)).toBe(tree)
  })
})

describe('mistakes in them', () => {
  const names = { isFunction: () => false, isVariable: () => false }
  const errorOf = (text: string): string => {
    const source = new SourceText(text)
    return parseScript(source, names)
      .errors.map((e) => formatError(e, source).split('\n').slice(0, 2).join(' '))
      .join('|')
  }
  it.each([
    [
      'x = 1\nSET CLUSTER SETTING',
      '[line #2] expected the name of a setting, found the end of the text   at column 20',
    ],
    [
      'SET CLUSTER SETTING a',
      "[line #1] expected '=' after the name of the setting, found the end of the text   at column 22",
    ],
    [
      'SET CLUSTER SETTING a.\nb = 1',
      "[line #1] expected the rest of the setting's name, found the end of the line   at column 23",
    ],
    [
      'SET CLUSTER SETTING a =',
      '[line #1] expected a value for the setting, or DEFAULT, found the end of the text   at column 24',
    ],
    ['SET CLUSTER SETTING a = 1 2', "[line #1] expected the end of the statement, found '2'   at column 27"],
    ['SET CLUSTER SETTING a = default b', "[line #1] expected the end of the statement, found 'b'   at column 33"],
    ['SHOW CLUSTER SETTING', '[line #1] expected the name of a setting, found the end of the text   at column 21'],
    ['SHOW CLUSTER SETTINGS a', "[line #1] expected the end of the statement, found 'a'   at column 23"],
  ])('%j', (text, message) => {
    expect(errorOf(text)).toBe(`Syntax Error: ${message}`)
  })

  it('are found in each of several lines', () => {
    expect(errorOf('SET CLUSTER SETTING = 1\nSHOW CLUSTER SETTING 5').split('|')).toHaveLength(2)
  })

  it('do not make the prompt wait for ever', () => {
    expect(isComplete('SET CLUSTER SETTING a = 1', names)).toBe(true)
    expect(isComplete('SHOW CLUSTER SETTINGS', names)).toBe(true)
    expect(isComplete('SET CLUSTER SETTING a =\n', names)).toBe(true)
  })
})
