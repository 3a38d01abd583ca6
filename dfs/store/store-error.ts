/** The operating system's refusals as io errors that name the call, the file and what an operator can do. */
import { HoldfastError } from '../../runtime/errors.ts'

const MEANING: Readonly<Record<string, readonly [text: string, hint: string | undefined]>> = {
  ENOSPC: ['no space is left on the device', 'free space on the volume, or move the folder to a larger one'],
  EDQUOT: ['the disk quota is used up', 'free space, or ask for a larger quota'],
  EACCES: ['permission is denied', 'check owner and mode of the file and of the folders above it'],
  EPERM: ['the operation is not permitted', 'check owner, mode and attributes of the file'],
  EROFS: ['the file system is read-only', 'mount it writable, or choose another folder'],
  ENOENT: ['there is no such file or folder', undefined],
  ENOTDIR: ['a part of the path is not a folder', undefined],
  EISDIR: ['it is a folder', undefined],
  ENOTEMPTY: ['the folder is not empty', undefined],
  EEXIST: ['it exists already', undefined],
  EFTYPE: ['it is not a regular file', undefined],
  ELOOP: ['it is a symbolic link', 'replace the link by the file itself'],
  EMFILE: ['too many files are open in this process', 'raise the limit of open files (ulimit -n)'],
  ENFILE: ['too many files are open on this machine', undefined],
  EIO: ['the device reported an input/output error', 'check the disk; restore what it holds from a backup'],
  ENAMETOOLONG: ['the name is too long for this file system', undefined],
}

const IN_ITS_WAY = ['a file, or a link that leads nowhere, has its name', undefined] as const

/** `Cannot write /data/chunks/x.arrow: no space is left on the device (ENOSPC).` */
export function storeError(call: string, file: string, cause: unknown): HoldfastError {
  if (cause instanceof HoldfastError) return cause
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? 'EUNKNOWN'
  const [text, hint] = (code === 'EEXIST' && call.startsWith('create folder') ? IN_ITS_WAY : MEANING[code]) ?? [
    cause instanceof Error ? cause.message : String(cause),
    undefined,
  ]
  return new HoldfastError('io', `Cannot ${call} ${file}: ${text} (${code}).`, {
    code,
    where: { file, call },
    hint,
    cause,
  })
}

/** An error of a store that has no operating system below it. */
export function storeErrorOf(code: string, call: string, file: string): HoldfastError {
  return storeError(call, file, Object.assign(new Error(code), { code }))
}
