/** What the store must never do. Anything else that fails is a failure that may happen, or one of the simulation. */
import { HoldfastError } from '../../runtime/index.ts'

export class Violation extends Error {}

export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const kind = error instanceof HoldfastError ? `${error.kind}/${error.code} ` : `${error.name} `
  return kind + error.message
}
