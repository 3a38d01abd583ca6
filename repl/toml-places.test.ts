import { describe, expect, it } from 'vitest'
import { TomlPlaces } from './toml-places.ts'

const DOCUMENT = `# [storage]
data = "/x = y" # z = 1
text = """
[not.a.section]
a = 1
\\""" still
"""
'quoted key' = 'it''s'
[ storage ]
  wal_level = 2
wal.sub = [1, [2, 3], { deep = "a" }, # list
  4]
when = 1979-05-27 07:32:00
inline = { one = 1, two = { three = '}' } }
[storage."with dot.s"]
x = -1.5e3
[[many]]
y = true
`.replace("'it''s'", "'its'")

describe('places of keys', () => {
  const places = new TomlPlaces(DOCUMENT)
  it.each([
    [['data'], 2, 1],
    [['text'], 3, 1],
    [['a'], 1, 1],
    [['quoted key'], 8, 1],
    [['storage'], 9, 3],
    [['storage', 'wal_level'], 10, 3],
    [['storage', 'wal', 'sub'], 11, 5],
    [['storage', 'wal', 'sub', 'deep'], 11, 25],
    [['storage', 'when'], 13, 1],
    [['storage', 'inline', 'two', 'three'], 14, 29],
    [['storage', 'with dot.s'], 15, 10],
    [['storage', 'with dot.s', 'x'], 16, 1],
    [['many', 'y'], 18, 1],
    // What is not there is where its table is.
    [['storage', 'nothing'], 9, 3],
    [['nothing'], 1, 1],
  ])('%j', (path, line, column) => {
    expect(places.of(path)).toEqual({ line, column })
  })

  it('are counted with the line ends of Windows, too', () => {
    expect(new TomlPlaces('[a]\r\nb = 1\r\nc = 2\r\n').of(['a', 'c'])).toEqual({ line: 3, column: 1 })
  })
})
