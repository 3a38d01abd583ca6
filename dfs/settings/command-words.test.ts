import { describe, expect, it } from 'vitest'
import { fillCommand, splitCommand } from './command-words.ts'

describe('a command line', () => {
  it.each([
    ['cp %f /archive/%n', ['cp', '%f', '/archive/%n']],
    ['  cp\t%f   /a ', ['cp', '%f', '/a']],
    [`"/opt/my tools/put" '%f' 'it is "here"'`, ['/opt/my tools/put', '%f', 'it is "here"']],
    [`put "a \\"b\\" \\\\ c" a\\ b ''`, ['put', 'a "b" \\ c', 'a b', '']],
    [`put --to=s3://b/'x y'/%n a#b 'a|b' "a;b" \\$HOME`, ['put', '--to=s3://b/x y/%n', 'a#b', 'a|b', 'a;b', '$HOME']],
    [`put "\\n"`, ['put', '\\n']],
  ])('%s is split as a shell splits it', (text, words) => expect(splitCommand(text)).toEqual({ ok: true, words }))

  it.each([
    ['cp "%f /a', 'has a " that is not closed'],
    ["cp '%f", "has a ' that is not closed"],
    ['cp %f \\', 'ends with a backslash'],
    ['gzip < %f', 'uses <, which is for shells'],
    ['cp %f /a && sync', 'uses &'],
    ['cp %f "$HOME/a"', 'uses $'],
    ['cp %f `pwd`', 'uses `'],
    ['cp %f /a\nrm %f', 'uses a line break'],
    ['', 'names no program'],
    ["'' %f", 'names no program'],
  ])('%j is refused', (text, reason) => {
    const read = splitCommand(text)
    expect(!read.ok && read.reason).toContain(reason)
  })

  it('gets names as parts of single words, whatever is in them', () => {
    const name = `a b'c"d;$(x) %n\n`
    expect(fillCommand(['put', '%f', 's3://b/%n', '100%%', '%%f'], '/x y', name)).toEqual([
      'put',
      '/x y',
      `s3://b/${name}`,
      '100%',
      '%f',
    ])
  })
})
