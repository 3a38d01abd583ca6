import { describe, expect, it } from 'vitest'
import { newRing, RingReader, RingWriter } from './output-ring.ts'

const readAll = (reader: RingReader): string => {
  const parts: Buffer[] = []
  for (let bytes = reader.take(); bytes.length > 0; bytes = reader.take()) parts.push(bytes)
  return Buffer.concat(parts).toString()
}

describe('the output ring', () => {
  it('hands over what was written, in order', () => {
    const ring = newRing()
    const writer = new RingWriter(ring, () => undefined)
    writer.write('a\n')
    writer.write('ü€😀\n')
    expect(readAll(new RingReader(ring))).toBe('a\nü€😀\n')
  })

  it('announces text once until the reader has begun to serve it', () => {
    const ring = newRing()
    let announced = 0
    const writer = new RingWriter(ring, () => announced++)
    for (let k = 0; k < 1000; k++) writer.write('line\n')
    expect(announced).toBe(1)
    const reader = new RingReader(ring)
    readAll(reader)
    writer.write('more\n')
    expect(announced).toBe(2)
    expect(readAll(reader)).toBe('more\n')
  })

  it('keeps its place over many times its size', () => {
    const ring = newRing()
    const writer = new RingWriter(ring, () => undefined)
    const reader = new RingReader(ring)
    const piece = 'x'.repeat(99_991)
    for (let k = 0; k < 30; k++) {
      writer.write(`${k}${piece}`)
      expect(readAll(reader)).toBe(`${k}${piece}`)
    }
  })
})
