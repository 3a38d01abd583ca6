/**
 * LSN: a byte position in the logical log, which has no gaps and no file headers in it. A JS number below 2^53 inside the code; printed `HIGH/LOW` in hex,
 * HIGH without leading zeros, LOW with eight digits: `0/1A3B4C5D`. Records start at multiples of 8. LSN 0 is no record's: it means "none yet".
 */
import { inputError } from '../../runtime/errors.ts'

/** Where the log of a new store begins. */
export const FIRST_LSN = 64

const TWO_32 = 4_294_967_296
const HIGH_MAX = 0x1f_ffff

export function formatLsn(lsn: number): string {
  const high = Math.floor(lsn / TWO_32).toString(16)
  const low = (lsn >>> 0).toString(16).padStart(8, '0')
  return `${high}/${low}`.toUpperCase()
}

/** Throws an input error (code `lsn`) unless the text is `HIGH/LOW`, each at most eight hex digits, below 2^53. */
export function parseLsn(text: string): number {
  const match = /^([0-9a-f]{1,8})\/([0-9a-f]{1,8})$/i.exec(text)
  const high = match === null ? 0 : Number.parseInt(match[1]!, 16)
  if (match === null || high > HIGH_MAX)
    throw inputError(`"${text}" is not an LSN: expected two hexadecimal numbers such as 0/1A3B4C5D.`, { code: 'lsn' })
  return high * TWO_32 + Number.parseInt(match[2]!, 16)
}
