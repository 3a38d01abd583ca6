/** `cp -r`: knows nothing of changes, so each backup is a full one, and proves nothing, so reading the copy stands in for verification. */
import { join } from 'node:path'
import type { ProcessFigures } from '../measure.ts'
import { store } from './store.ts'
import { chunks, clear, folder, sameFiles, synced, type Tool, warm } from './tool.ts'

const target = join(folder, 'cp')

async function copy(from: string, to: string): Promise<ProcessFigures> {
  await clear(to)
  return synced(`cp -r '${from}' '${to}'`, to)
}

export const cp: Tool = {
  name: 'cp -r',
  names: { verify: 'cat of the copy' },
  kind: 'plain',
  source: store,
  target,
  full: () => copy(chunks, target),
  unchanged: () => copy(chunks, target),
  changed: () => copy(chunks, target),
  verify: () => warm(target),
  restore: (to) => synced(`cp -r '${target}' '${to}'`, to),
  compare: (to) => sameFiles(to),
}
