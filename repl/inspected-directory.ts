import { HoldfastError } from '../runtime/errors.ts'

/** Opens a directory that must not be in use; if it is, says what to do instead. */
export function refusedInUse<R>(open: () => R, instead: string): R {
  try {
    return open()
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'directoryInUse') throw error
    throw new HoldfastError(error.kind, error.message, {
      code: error.code,
      hint: `end that process first, or ${instead}`,
      where: error.where,
      cause: error,
    })
  }
}
