import { describe, expect, it } from 'vitest'
import { quickCommandLine } from './arguments.ts'
import { OptionError, parseBytes, settingsOf } from './config.ts'

describe('settings', () => {
  it('come from options, then the environment, then defaults', () => {
    expect(settingsOf({ data: '/a' }, { HOLDFAST_DATA: '/b' }).config.dataDir).toBe('/a')
    expect(settingsOf({}, { HOLDFAST_DATA: '/b' }).config.dataDir).toBe('/b')
    expect(settingsOf({}, { HOLDFAST_DATA: '' }).config.dataDir).toMatch(/\/holdfast-data$/)
    expect(settingsOf({ workers: '3' }, { HOLDFAST_WORKERS: '7' }).workers).toBe(3)
    expect(settingsOf({}, {}).config).toMatchObject({ newValuePartitions: 'skip' })
    expect(settingsOf({}, {}).waitForJobs).toBe(true)
  })

  it('read sizes in binary multiples', () => {
    for (const [text, bytes] of [
      ['4G', 4 * 2 ** 30],
      ['512MB', 512 * 2 ** 20],
      ['1.5gib', 1.5 * 2 ** 30],
      ['2048k', 2 ** 21],
      ['1073741824', 2 ** 30],
    ] as const)
      expect(parseBytes(text)).toBe(bytes)
  })

  it('refuse what makes no sense', () => {
    for (const text of ['', 'x', '4X', '-1G', '1000', '0']) expect(() => parseBytes(text), text).toThrow(OptionError)
    for (const workers of ['0', '1.5', 'many', '1000']) expect(() => settingsOf({ workers }, {})).toThrow(OptionError)
    expect(() => settingsOf({ newValuePartitions: 'maybe' }, {})).toThrow('must be add, skip or fail')
  })
})

describe('the everyday command lines', () => {
  it('are read without the full parser', () => {
    expect(quickCommandLine([], true)).toEqual({ invocation: { kind: 'prompt' }, options: {} })
    expect(quickCommandLine([], false)?.invocation).toEqual({ kind: 'stdin' })
    expect(quickCommandLine(['--data', '/d', '--no-wait', '-e', '1+1'], true)).toEqual({
      invocation: { kind: 'evaluate', code: '1+1' },
      options: { data: '/d', wait: false },
    })
    expect(quickCommandLine(['run', 'a.dos', '--echo', 'x'], true)?.invocation).toEqual({
      kind: 'run',
      file: 'a.dos',
      args: ['--echo', 'x'],
      echo: false,
    })
  })

  it('leave everything else to it', () => {
    for (const argv of [
      ['--help'],
      ['run'],
      ['run', '--echo', 'f'],
      ['-e'],
      ['--data'],
      ['jobs'],
      ['nonsense'],
      ['-e', '1', '2'],
    ])
      expect(quickCommandLine(argv, true), argv.join(' ')).toBeUndefined()
  })
})
