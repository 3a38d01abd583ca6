/** Entry: the library of the language, loaded late (late-functions.ts). */
export { libraryBuiltins } from '../runtime/index.ts'
