/**
 * A commit that was not confirmed: the log broke in the middle of it, so its records may be on the disk or not. Nobody sees it now, nothing else is committed,
 * and the next start finds out. Until then the files that it names must stay.
 */
import { HoldfastError } from '../../runtime/errors.ts'

export const commitUnknown = (cause: unknown): HoldfastError =>
  new HoldfastError(
    'io',
    `${(cause as Error).message} The commit was not confirmed: whether it counts is decided by the recovery at the next start.`,
    {
      code: 'commitUnknown',
      where: cause instanceof HoldfastError ? cause.where : undefined,
      hint: 'repair the disk, start again, and look whether the statement has taken effect before you repeat it',
      cause,
    },
  )

export const isCommitUnknown = (error: unknown): boolean =>
  error instanceof HoldfastError && error.code === 'commitUnknown'
