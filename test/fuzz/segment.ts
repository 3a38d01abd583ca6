/** Segment files with their checksums made right: of buffers, of the body, of the footer. */
import { readFooter } from '../../dfs/segment/footer.ts'
import { KEY_BODY, KEY_FOOTER, KEY_LAYOUT, NO_CHECKSUM } from '../../dfs/segment/layout.ts'
import { checksumOf } from '../../dfs/store/checksum.ts'

/** Changes `file` in place. One whose footer cannot be found stays as it is. */
export function signSegment(file: Buffer): Buffer {
  const reader = {
    bytes: file.length,
    read: (into: Uint8Array, offset: number) => {
      const part = file.subarray(offset, offset + into.length)
      into.set(part)
      return part.length
    },
    close: () => undefined,
  }
  let footer: ReturnType<typeof readFooter>
  try {
    footer = readFooter(reader, 'segment')
  } catch {
    return file
  }
  const put = (at: number, digest: string): void => void file.write(digest, footer.start + at, 'latin1')
  const layout = footer.metadata.get(KEY_LAYOUT)
  if (layout !== undefined) signBuffers(file, footer.start + layout.at, layout.text)
  const body = footer.metadata.get(KEY_BODY)
  if (body?.text.length === NO_CHECKSUM.length) put(body.at, checksumOf(file.subarray(0, footer.start)))
  const own = footer.metadata.get(KEY_FOOTER)
  if (own?.text.length === NO_CHECKSUM.length) {
    put(own.at, NO_CHECKSUM)
    put(own.at, checksumOf(file.subarray(footer.start, footer.start + footer.bytes.length)))
  }
  return file
}

const BUFFER = /\[(\d+),(\d+),"([0-9a-f]{16})"\]/g

function signBuffers(file: Buffer, at: number, text: string): void {
  for (const found of text.matchAll(BUFFER)) {
    const offset = Number(found[1])
    const bytes = Number(found[2])
    if (offset + bytes > file.length) continue
    const digestAt = at + Buffer.byteLength(text.slice(0, found.index)) + found[0].length - 18 - 0
    file.write(checksumOf(file.subarray(offset, offset + bytes)), digestAt + 0, 'latin1')
  }
}

/** Where the text of the layout stands in the file; undefined if there is none. */
export function layoutOf(file: Buffer): { readonly at: number; readonly text: string } | undefined {
  const at = file.lastIndexOf('{"format":')
  if (at < 0) return undefined
  const end = file.indexOf(0, at)
  return end < 0 ? undefined : { at, text: file.subarray(at, end).toString('latin1') }
}
