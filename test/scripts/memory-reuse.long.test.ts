/**
 * Every expectation again, while each column's memory is used anew as soon as a variable or an expression lets go of it, however small: who still looks at it, or leaves a part of what
 * he got unwritten, gets something else than expected. Usually that happens to large columns only.
 */
import { afterAll, beforeAll } from 'vitest'
import { keepMemoryFrom, keptFromBytes } from '../../runtime/values/allocator.ts'
import { describeConformance } from './suite.ts'

const usual = keptFromBytes
beforeAll(() => keepMemoryFrom(1))
afterAll(() => keepMemoryFrom(usual))

describeConformance()
