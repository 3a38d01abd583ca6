/**
 * Every expectation again, while columns of a few elements are memories of their own, in which they begin somewhere: who takes the buffer of a column for its elements gets something else than
 * expected. Usually that happens to large columns only.
 */
import { afterAll, beforeAll } from 'vitest'
import { OWN_MEMORY_FROM, ownMemoryFrom } from '../../runtime/values/own-memory.ts'
import { describeConformance } from './suite.ts'

beforeAll(() => ownMemoryFrom(4))
afterAll(() => ownMemoryFrom(OWN_MEMORY_FROM))

describeConformance()
