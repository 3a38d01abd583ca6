/** cdfNormal, invNormal, pdfNormal and the like: one family from the table of distributions (kernels/statistics/distributions.ts). */
import { usageError } from '../errors.ts'
import { checkInterrupt } from '../interrupt.ts'
import { DISTRIBUTIONS, type Distribution } from '../kernels/statistics/distributions.ts'
import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { isDecimal, isNumeric, T } from '../values/types.ts'
import type { Vector } from '../values/vector.ts'
import { type Arg, numberArg, required } from './args.ts'
import { vectorOver } from './shapes.ts'

const { entries, define } = topicTable('Random and distributions')
export const distributionBuiltins: readonly Builtin[] = entries

const NAMES: Readonly<Record<string, string>> = {
  Exp: 'exponential',
  ChiSquare: 'chi-square',
  Student: 'Student t',
  F: 'F',
  Zipf: 'Zipf (ranks 1 to num, probability falling as rank^-exponent)',
  Kolmogorov: 'Kolmogorov',
  Weibull: 'Weibull (shape alpha, scale beta)',
  Normal: 'normal',
  Uniform: 'uniform',
  Gamma: 'gamma',
  Beta: 'beta',
  Logistic: 'logistic',
  Poisson: 'Poisson',
  Binomial: 'binomial',
}

const KINDS = [
  ['cdf', 'Probability that a variable with the {} distribution is at most X'],
  ['pdf', 'Density of the {} distribution at X'],
  ['inv', 'Quantile of the {} distribution: the value that a variable does not exceed with probability X (0 to 1)'],
] as const

type Evaluate = (p: readonly number[], x: number) => number

const evaluator = (kind: 'cdf' | 'pdf' | 'inv', d: Distribution): Evaluate | undefined =>
  kind === 'cdf' ? d.cdf : kind === 'pdf' ? d.pdf : d.quantile

function over(name: string, x: Value, p: readonly number[], f: Evaluate): Value {
  return vectorOver(name, x, (v: Vector) => {
    const data = toDoubles(name, v)
    for (let k = 0; k < data.length; k++) {
      if ((k & 1023) === 0) checkInterrupt()
      if (!Number.isNaN(data[k])) data[k] = f(p, data[k])
    }
    return fromDoubles(data)
  })
}

for (const [distribution, d] of Object.entries(DISTRIBUTIONS))
  for (const [kind, what] of KINDS) {
    const f = evaluator(kind, d)
    if (f === undefined) continue
    const name = `${kind}${distribution}`
    const usage = `${name}(${[...d.params, 'X'].join(', ')})`
    define(usage, {
      kind: 'element',
      doc: `${what.replace('{}', NAMES[distribution])}, DOUBLE, in the form of X. Null stays null; ${kind === 'inv' ? 'a probability outside [0, 1] and an infinite quantile give null' : 'the result is between 0 and 1'}. Parameters are scalars; those out of range are an error.`.replace(
        '; the result is between 0 and 1',
        kind === 'cdf' ? '; the result is between 0 and 1' : '',
      ),
      call: (args: readonly Arg[]) => {
        const p = d.params.map((param, k) => numberArg(args[k], usage, param))
        if (!d.valid(p)) throw usageError(usage, 'The parameters are out of range.')
        const x = required(args[d.params.length], usage, 'X')
        if ('type' in x && x.kind === 'scalar' && !isNumeric(x.type) && !isDecimal(x.type) && !x.isNull())
          throw usageError(usage, 'X must be numeric.')
        return x.kind === 'scalar' && x.isNull() ? Scalar.nullOf(T.DOUBLE) : over(name, x, p, f)
      },
    })
  }
