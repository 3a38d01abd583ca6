import { afterEach, describe, expect, test } from 'vitest'
import { runScript } from '../compile/script-testing.ts'
import {
  allocate,
  allocatedBytes,
  allocateUnset,
  dropKept,
  giveBack,
  keptFromBytes,
  setMemoryLimit,
} from './allocator.ts'

const SIZE = keptFromBytes + 4096

afterEach(() => {
  setMemoryLimit(Number.POSITIVE_INFINITY)
  dropKept()
})

describe('memory that is handed back', () => {
  test('serves the next request for as many bytes, and old arrays on it have no elements any more', () => {
    const first = allocate(SIZE)
    const array = new Uint8Array(first).fill(7)
    giveBack(first)
    expect([first.detached, array.length]).toEqual([true, 0])
    const again = new Uint8Array(allocateUnset(SIZE))
    expect([again.length, again[0], again[SIZE - 1]]).toEqual([SIZE, 7, 7])
    giveBack(again.buffer)
    expect(new Uint8Array(allocateUnset(SIZE + 8)).every((x) => x === 0)).toBe(true)
  })

  test('is zeroed for who asks for zeros', () => {
    giveBack(new Uint8Array(SIZE).fill(7).buffer)
    expect(new Uint8Array(allocate(SIZE)).every((x) => x === 0)).toBe(true)
  })

  test('is not counted as the session has it, and makes way at the limit', () => {
    const before = allocatedBytes()
    const held = allocate(8 * SIZE)
    expect(allocatedBytes()).toBeGreaterThanOrEqual(before + 8 * SIZE)
    giveBack(held)
    const after = allocatedBytes()
    expect(after).toBeLessThan(before + SIZE)
    setMemoryLimit(after + 9 * SIZE)
    expect(allocate(8 * SIZE + 8).byteLength).toBe(8 * SIZE + 8)
    expect(() => allocate(16 * SIZE)).toThrow('Out of memory')
  })
})

test('a request that is larger than what is let pile up as garbage is checked against the limit like any other', () => {
  setMemoryLimit(allocatedBytes() + SIZE)
  expect(() => allocate(1100 * 1024 * 1024)).toThrow('Out of memory: this needs 1.1 GB more')
})

describe('a variable that lets go of a large vector', () => {
  const N = 2 * keptFromBytes
  test.each([
    ['keeps its elements in another variable', `x = 0..${N - 1}; y = x; x = NULL; z = 1..${N}; sum(y)`],
    ['keeps them in a table', `x = 0..${N - 1}; t = table(x); x = 1..${N}; z = 2 * x; sum(t.x)`],
    ['keeps them in a tuple', `x = 0..${N - 1}; t = (x, 1); x = NULL; z = 1..${N}; sum(t[0])`],
    ['keeps them in a dictionary', `x = 0..${N - 1}; d = {"a": x}; x = 1..${N}; z = x + 1; sum(d["a"])`],
    ['keeps them in a matrix', `x = 0..${N - 1}; m = reshape(x, ${N / 2}:2); x = 1..${N}; z = x + 1; sum(flatten(m))`],
    ['keeps them in a function', `x = 0..${N - 1}; f = {y -> sum(y)}{x}; x = 1..${N}; z = x + 1; f()`],
    [
      'keeps them while a loop walks over it',
      `x = 0..${N - 1}; for(v in x){ x = 1..${N}; z = x + 1; y = v; if(v == 2) break }; sum(0..${N - 1}) + y - 2`,
    ],
    [
      'gives them to a function that sets its parameter',
      `def f(mutable y){ y = NULL; z = 1..${N}; return 1 }; x = 0..${N - 1}; y = x; r = f(x); sum(y)`,
    ],
    ['may be made from itself', `x = 0..${N - 1}; x = x + 1; x = x - 1; z = 1..${N}; sum(x)`],
  ])('%s', (_what, script) => {
    const { output } = runScript(script.replaceAll('; ', '\n'))
    expect(output).toBe(String((BigInt(N) * BigInt(N - 1)) / 2n))
  })

  test('is what the script ended with, all the same', () => {
    const { session } = runScript('')
    const last = session.run(`x = 0..${N - 1}\nx\nx = NULL\ny = 1..${N}`)
    expect(session.display(last).startsWith('[0,1,2')).toBe(true)
  })
})
