/** fast-check, with the cases of `test/seed.ts`. */
import fc from 'fast-check'
import { FIRST_SEED } from './seed.ts'

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: FIRST_SEED })

export { default } from 'fast-check'
