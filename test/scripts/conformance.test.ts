/** Every expectation of the scripts in this folder. */
import { describeConformance } from './suite.ts'

describeConformance()
