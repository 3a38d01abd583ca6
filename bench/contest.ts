/** Ours and its peers in turn, so that all meet the same disk and the same neighbours; one row of the table for each figure and peer. */
import { median, type Row } from './measure.ts'

/** What one run of one contestant measured. */
export interface Figures {
  /** By what was measured. */
  readonly seconds: Readonly<Record<string, number>>
  readonly residentMb: number
}

export type Contestant = (round: number) => Promise<Figures>

export interface Peer {
  readonly name: string
  /** A peer that is not here is left out, and this is why. */
  readonly missing?: string
  readonly run: Contestant
}

/** `show` says a time in words, for figure `what`. */
export async function contest(
  rounds: number,
  ours: Contestant,
  peers: readonly Peer[],
  show: (seconds: number, what: string) => string,
): Promise<Row[]> {
  const present = peers.filter((p) => p.missing === undefined)
  for (const { name, missing } of peers) if (missing !== undefined) console.error(`${name} is left out: ${missing}`)
  const mine: Figures[] = []
  const theirs: Figures[][] = present.map(() => [])
  for (let round = 0; round < rounds; round++) {
    mine.push(await ours(round))
    for (const [k, peer] of present.entries()) theirs[k].push(await peer.run(round))
  }
  const rows = Object.keys(mine[0].seconds).flatMap((what) => {
    const middle = (all: readonly Figures[]): number => median(all.map((f) => f.seconds[what]))
    const own = show(middle(mine), what)
    if (present.length === 0) return [{ what, ours: own, peer: '-', ratio: '-', memory: peak(mine) }]
    return present.flatMap(({ name }, k) => {
      if (theirs[k][0].seconds[what] === undefined) return []
      const ratio = median(mine.map((f, round) => theirs[k][round].seconds[what] / f.seconds[what]))
      const peer = `${name} ${show(middle(theirs[k]), what)}`
      const memory = `${peak(mine)}, peer ${peak(theirs[k])}`
      return [{ what, ours: own, peer, ratio: ratio.toFixed(2), memory }]
    })
  })
  for (const { what, ours: own, peer, ratio } of rows) console.error(`${what}: ${own}, ${peer}, ratio ${ratio}`)
  return rows
}

const peak = (figures: readonly Figures[]): string => `${Math.max(...figures.map((f) => f.residentMb)).toFixed(0)} MB`

export const showTime = (seconds: number): string =>
  seconds < 1 ? `${(seconds * 1000).toFixed(0)} ms` : `${seconds.toFixed(2)} s`

export function showRate(count: number, unit: string): (seconds: number) => string {
  return (seconds) => {
    const rate = count / seconds
    const text =
      rate >= 1e6 ? `${(rate / 1e6).toFixed(2)} M` : rate >= 1e4 ? `${(rate / 1e3).toFixed(0)} k` : rate.toFixed(0)
    return `${text} ${unit}/s`
  }
}
