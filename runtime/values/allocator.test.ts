import { afterEach, describe, expect, test } from 'vitest'
import { runScript } from '../compile/script-testing.ts'
import {
  allocate,
  allocateColumnUnset,
  allocatedBytes,
  allocateUnset,
  collectGarbage,
  dropKept,
  giveBack,
  keptFromBytes,
  setMemoryLimit,
} from './allocator.ts'
import { newFixedArray, unsetFixedArray } from './fixed-array.ts'
import { memoryOf, OWN_MEMORY_FROM } from './own-memory.ts'

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

describe('a column that is a memory of its own', () => {
  const N = OWN_MEMORY_FROM + 1000

  test('serves the next request for as many bytes, and old arrays on it have no elements any more', () => {
    const first = unsetFixedArray('f64', N) as Float64Array
    const memory = memoryOf(first.buffer)
    expect([memory !== undefined, first.length, first.every((x) => x === 0)]).toEqual([true, N, true])
    first.fill(7)
    giveBack(first.buffer)
    expect(first.length).toBe(0)
    const again = unsetFixedArray('i64', N)
    expect([memoryOf(again.buffer) === memory, again.length, again[N - 1]]).toEqual([true, N, 0x401c000000000000n])
    giveBack(again.buffer)
    const zeros = newFixedArray('f64', N)
    expect([memoryOf(zeros.buffer) === memory, (zeros as Float64Array).every((x) => x === 0)]).toEqual([true, true])
  })

  test('counts as what the session holds, until it is handed back', () => {
    const before = allocatedBytes()
    const held = allocateColumnUnset(N, 8 * N)
    expect(allocatedBytes()).toBeGreaterThanOrEqual(before + 8 * N)
    expect(allocatedBytes()).toBeLessThan(before + 8 * N + 6 * 65536)
    giveBack(held)
    expect(allocatedBytes()).toBeLessThan(before + 65536)
  })

  test('is refused where it does not fit, and garbage makes way', () => {
    collectGarbage()
    setMemoryLimit(allocatedBytes() + 5 * 8 * N)
    for (let k = 0; k < 60; k++) expect(unsetFixedArray('f64', N).length).toBe(N)
    const held: unknown[] = []
    const hold = (): void => {
      for (let k = 0; k < 8; k++) held.push(unsetFixedArray('f64', N))
    }
    expect(hold).toThrow('Out of memory: this needs 3')
    expect(held.length).toBeGreaterThan(3)
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
