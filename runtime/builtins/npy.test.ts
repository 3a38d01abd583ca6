import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createInterpreter } from '../index.ts'
import { Scalar } from '../values/scalar.ts'

/** Made by Python's zipfile (deflated, with zip64 fields as numpy.savez writes them): a is [1.5, nan, -2.0], m is [[1, 2, 3], [4, 5, 6]] in C order. */
const NPZ =
  'UEsDBC0AAAAIAAAAIQBgpT6E//////////8FABQAYS5ucHkBABAAmAAAAAAAAABPAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqGuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GsY6mjoKtQoUAC4GMPhhD6XrITTDAQBQSwMELQAAAAgAAAAhANNLLq7//////////wUAFABtLm5weQEAEACYAAAAAAAAAFcAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgbpNpoq6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaRjoKxpo6CrUKZAMuRgYGBiYgZgZiFiBmBWI2IAYAUEsBAi0DLQAAAAgAAAAhAGClPoRPAAAAmAAAAAUAAAAAAAAAAAAAAIABAAAAAGEubnB5UEsBAi0DLQAAAAgAAAAhANNLLq5XAAAAmAAAAAUAAAAAAAAAAAAAAIABhgAAAG0ubnB5UEsFBgAAAAACAAIAZgAAABQBAAAAAA=='

const folder = mkdtempSync(join(tmpdir(), 'holdfast-npy-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('NumPy archives', () => {
  const session = createInterpreter()
  session.setVariable('folder', Scalar.string(folder))
  const shown = (text: string): string => session.display(session.run(text))
  writeFileSync(join(folder, 'x.npz'), Buffer.from(NPZ, 'base64'))

  it('are read by name', () => {
    session.run('d = loadNpz(folder + "/x.npz")')
    expect(shown('d[`a]')).toBe('[1.5,,-2]')
    expect(shown('d[`m]').replaceAll(/ +$/gm, '')).toBe('#0 #1 #2\n-- -- --\n1  2  3\n4  5  6')
  })
  it('whose bytes are damaged are an error', () => {
    const bytes = Buffer.from(NPZ, 'base64')
    bytes[120] ^= 255
    writeFileSync(join(folder, 'bad.npz'), bytes)
    expect(() => session.run('loadNpz(folder + "/bad.npz")')).toThrow()
    writeFileSync(join(folder, 'short.npz'), Buffer.from(NPZ, 'base64').subarray(0, 60))
    expect(() => session.run('loadNpz(folder + "/short.npz")')).toThrow('it is no zip archive')
  })
})
