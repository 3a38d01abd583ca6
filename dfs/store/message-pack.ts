/** MessagePack. The library is loaded at its first use: with its native part it takes a tenth of the time in which a script that needs no store starts. */
import { createRequire } from 'node:module'
import type { Options, Packr } from 'msgpackr'

const require = createRequire(import.meta.url)

/** A packr of these options, made when it is first asked for. */
export function lazyPackr(options: Options & { readonly useBigIntExtension?: boolean }): () => Packr {
  let packr: Packr | undefined
  return () => {
    if (packr === undefined) {
      const library = require('msgpackr') as { readonly Packr: typeof Packr }
      packr = new library.Packr(options)
    }
    return packr
  }
}
