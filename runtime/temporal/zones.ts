/** Time zones, from the runtime's own database (Intl). Offsets of named ones are constant within a quarter of an hour, so they are cached by it. */
import { inputError } from '../errors.ts'

const QUARTER_MS = 900_000

interface Zone {
  readonly format: Intl.DateTimeFormat
  readonly offsets: Map<number, number>
}

const zones = new Map<string, Zone>()

function zoneOf(name: string): Zone {
  let zone = zones.get(name)
  if (zone === undefined) {
    let format: Intl.DateTimeFormat
    try {
      format = new Intl.DateTimeFormat('en-US', {
        timeZone: name,
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
        era: 'short',
      })
    } catch (cause) {
      throw inputError(`Unknown time zone [${name}].`, { code: 'timeZone', cause })
    }
    zone = { format, offsets: new Map() }
    zones.set(name, zone)
  }
  return zone
}

/** Milliseconds that the zone is ahead of UTC at a UTC instant. The empty name is the local zone. */
export function offsetAtUtc(zoneName: string, utcMs: number): number {
  if (zoneName === '') return localOffset(utcMs)
  const zone = zoneOf(zoneName)
  const quarter = Math.floor(utcMs / QUARTER_MS)
  let offset = zone.offsets.get(quarter)
  if (offset === undefined) {
    const at = quarter * QUARTER_MS
    const part: Record<string, string> = {}
    for (const { type, value } of zone.format.formatToParts(at)) part[type] = value
    const year = part['era'] === 'BC' ? 1 - Number(part['year']) : Number(part['year'])
    const wall = new Date(0)
    wall.setUTCFullYear(year, Number(part['month']) - 1, Number(part['day']))
    wall.setUTCHours(Number(part['hour']), Number(part['minute']), Number(part['second']))
    offset = wall.getTime() - at
    zone.offsets.set(quarter, offset)
  }
  return offset
}

/** Of the local zone, which JavaScript's dates know: to make a formatter takes longer than most scripts. */
function localOffset(utcMs: number): number {
  const date = new Date(Math.floor(utcMs / 1000) * 1000)
  const wall = new Date(0)
  wall.setUTCFullYear(date.getFullYear(), date.getMonth(), date.getDate())
  wall.setUTCHours(date.getHours(), date.getMinutes(), date.getSeconds())
  return wall.getTime() - date.getTime()
}

/**
 * Milliseconds that the zone is ahead of UTC when its clocks show `wallMs`. In the hour that occurs twice the first one is meant; a time
 * that the clocks skip is read as if they had not.
 */
export function offsetAtWall(zoneName: string, wallMs: number): number {
  const before = offsetAtUtc(zoneName, wallMs - 86_400_000)
  if (offsetAtUtc(zoneName, wallMs - before) === before) return before
  const after = offsetAtUtc(zoneName, wallMs - offsetAtUtc(zoneName, wallMs - before))
  return offsetAtUtc(zoneName, wallMs - after) === after ? after : before
}
