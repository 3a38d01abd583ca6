/**
 * JSON for people that finds its own damage. The last property is `digest`: XXH64 of every byte before its line; what follows the digest is fixed text, so a
 * flipped bit anywhere is found.
 */
import { damagedMetadata } from '../set/checked.ts'
import { checksumOf } from '../store/checksum.ts'

const TAIL = /^ {2}"digest": "([0-9a-f]{16})"\n\}\n$/
const TAIL_BYTES = 33

/** `value` has at least one property. */
export function encodeDigested(value: Readonly<Record<string, unknown>>): Uint8Array {
  const head = `${JSON.stringify(value, undefined, 2).slice(0, -2)},\n`
  return Buffer.from(`${head}  "digest": "${checksumOf(Buffer.from(head))}"\n}\n`)
}

/** `file` is for messages. */
export function decodeDigested(bytes: Uint8Array, file: string): unknown {
  const split = Math.max(0, bytes.length - TAIL_BYTES)
  const digest = TAIL.exec(Buffer.from(bytes.subarray(split)).toString('latin1'))?.[1]
  if (digest === undefined || digest !== checksumOf(bytes.subarray(0, split)))
    throw damagedMetadata(file, 'its content does not match its digest', 'use another backup')
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw damagedMetadata(file, `it is not JSON (${(cause as Error).message})`, 'use another backup')
  }
}
