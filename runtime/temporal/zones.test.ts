import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { offsetAtUtc, offsetAtWall } from './zones.ts'

const usual = process.env.TZ

describe.each(['Europe/Berlin', 'America/St_Johns', 'Asia/Kolkata', 'Australia/Lord_Howe', 'UTC'])(
  'the local zone %s',
  (zone) => {
    beforeAll(() => {
      process.env.TZ = zone
    })
    afterAll(() => {
      if (usual === undefined) delete process.env.TZ
      else process.env.TZ = usual
    })

    test('has the offsets that it has by its name, in all centuries and next to all changes', () => {
      const day = 86_400_000
      for (let at = Date.UTC(1850, 0, 1); at < Date.UTC(2050, 0, 1); at += 37.3 * day)
        expect([at, offsetAtUtc('', at)]).toEqual([at, offsetAtUtc(zone, at)])
      for (let at = Date.UTC(2024, 0, 1); at < Date.UTC(2025, 0, 1); at += 900_000) {
        if (offsetAtUtc('', at + 450_000.5) !== offsetAtUtc(zone, at)) expect.fail(new Date(at).toISOString())
        if (offsetAtWall('', at) !== offsetAtWall(zone, at)) expect.fail(`clock ${new Date(at).toISOString()}`)
      }
    })
  },
)
