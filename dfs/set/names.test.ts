import { describe, expect, it } from 'vitest'
import fc from '../../test/properties.ts'
import { checkPartitionPath, databaseUrl, folderOfDatabase, isSafeName } from './names.ts'
import { matchesPartition, matchesWildcard } from './wildcard.ts'

describe('a name from a backup set', () => {
  it.each(['pt', '20220101', '0_50', 'Key3', '000616SZ', '600000.SH', '中国', '..x', 'a b'])('may be %j', (name) => {
    expect(isSafeName(name)).toBe(true)
  })
  it.each(['', '.', '..', 'a/b', 'a\\b', 'a\0b', '\n', 'C:', 'x'.repeat(256), '中'.repeat(90)])(
    'may not be %j',
    (name) => {
      expect(isSafeName(name)).toBe(false)
    },
  )
  it.each(['/../x', '/a/../../b', 'a/b', '/', '/a//b', '/a/', '/a/\0'])('path %j is refused', (path) => {
    expect(() => checkPartitionPath(path, { file: 'pt.meta', field: 'path' })).toThrow(
      /metadata file pt\.meta is damaged/,
    )
  })
  it('of a deep database is one folder', () => {
    expect(folderOfDatabase('dfs://a/b')).toBe('a%2Fb')
    expect(folderOfDatabase('dfs://a%2Fb')).toBe('a%252Fb')
  })
  it('of a database must be a dfs url', () => {
    expect(databaseUrl('dfs://x/')).toBe('dfs://x')
    expect(() => databaseUrl('/tmp/x')).toThrow(/must begin with "dfs:\/\/"/)
    expect(() => databaseUrl('dfs:///')).toThrow()
  })
})

describe('a wildcard pattern', () => {
  const cases: readonly [pattern: string, text: string, matches: boolean][] = [
    ['%', '', true],
    ['%', '/compoDB/20170810/0_50', true],
    ['%20170810%', '/compoDB/20170810/0_50', true],
    ['/compoDB/20170807/0_50', '/compoDB/20170807/0_50', true],
    ['/compoDB/20170807/0_50', '/compoDB/20170807/0_500', false],
    ['%/20170807/0_50', '/compoDB/20170807/0_50', true],
    ['%/Key4/tp/%', '/testdb/Key4/tp/20120101', true],
    ['%/Key4/tp/%', '/testdb/Key3/tp/20120101', false],
    ['%/2024010?', '/db/Key0/tp/20240103', true],
    ['%/2024010?', '/db/Key0/tp/202401033', false],
    ['?', '', false],
    ['?', '𝄞', true],
    ['a.c', 'abc', false],
    ['[a-z]', 'b', false],
    ['%a%', 'bbb', false],
  ]
  it.each(cases)('%j on %j: %j', (pattern, text, matches) => {
    expect(matchesWildcard(pattern, text)).toBe(matches)
  })
  it('matches what the corresponding regular expression matches', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '𝄞'), maxLength: 8 })
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', '%', '?'), maxLength: 6 })
    fc.assert(
      fc.property(pattern, text, (p, t) => {
        const regex = new RegExp(`^${p.replace(/%/g, '.*').replace(/\?/g, '.')}$`, 'u')
        expect(matchesWildcard(p, t)).toBe(regex.test(t))
      }),
      { numRuns: 2000 },
    )
  })
  it('takes linear time for a hostile pattern', () => {
    expect(matchesWildcard('%a'.repeat(50), `${'a'.repeat(2000)}b`)).toBe(false)
  })
  it('may leave the physical index out', () => {
    for (const pattern of ['/testdb/Key3/tp/20120101', '/testdb/Key3/tp/20120101/6F', '%/6F', '%20120101'])
      expect(matchesPartition(pattern, 'testdb', '/Key3/tp/20120101', '6F')).toBe(true)
  })
})
