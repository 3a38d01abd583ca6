import { describe, expect, it } from 'vitest'
import { failure, printed } from '../compile/script-testing.ts'

describe('a STRING scalar by index', () => {
  it.each([
    ['"abcd"[1:]', 'bcd'],
    ['"abcd"[:2]', 'ab'],
    ['"abcd"[1:3]', 'bc'],
    ['"abcd"[2:99]', 'cd'],
    ['strlen("abcd"[4:])', '0'],
    ['typestr("abcd"[1:3])', 'STRING'],
    ['"abcd"[1]', "'b'"],
    ['typestr("abcd"[1])', 'CHAR'],
    ['isNull("abcd"[4])', 'true'],
    ['isNull("abcd"[-1])', 'true'],
    // Positions count bytes, as those of regexFind do.
    ['s="é/x"\ns[regexFind(s, "/"):]', '/x'],
    ['list=["db/20170807/0_50/t", "b"]\nlist[0][regexFind(list[0],"/20170807/0_50"):]', '/20170807/0_50/t'],
  ])('%s is %s', (script, expected) => {
    expect(printed(script)).toBe(expected)
  })

  it.each([
    ['"abcd"[-1:]', 'A slice of a string must lie inside it'],
    ['"abcd"[3:1]', 'A slice of a string must lie inside it'],
    ['"abcd"[1, 2]', "A string can't be indexed with 2 indices."],
    ['"abcd"[1 2]', "A vector can't be used as an index of a string."],
    ['x=5\nx[1]', 'A scalar does not support random access.'],
    ['x=5\nx[0 0]', 'A scalar does not support random access.'],
  ])('%s is refused', (script, message) => {
    expect(failure(script).message).toContain(message)
  })
})
