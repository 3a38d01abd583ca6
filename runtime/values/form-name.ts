import type { Value } from './scalar.ts'

const NAMES: Partial<Record<Value['kind'], string>> = { source: 'partitioned table', dict: 'dictionary' }

/** What messages call the form of a value. */
export const formName = (v: Value): string => NAMES[v.kind] ?? v.kind
