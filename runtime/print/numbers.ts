/** Texts of floating and decimal numbers. */

/** Fixed notation from 1e-6 to this bound, by decimals: classic text turns to exponents early, the 15-digit profile late. */
const fixedLimit = (decimals: number): number => (decimals > 6 ? 1e15 : 1e6)

/** `4.8`, `0.727273`, `2.678558E7`: at most `decimals` digits after the point, rounded, without trailing zeros. */
export function doubleText(x: number, decimals = 6): string {
  if (x === 0) return '0'
  const size = Math.abs(x)
  if (size === Number.POSITIVE_INFINITY) return x > 0 ? 'inf' : '-inf'
  if (size < 1e-6 || size >= fixedLimit(decimals)) return exponentText(x, decimals)
  const shortest = String(x)
  const point = shortest.indexOf('.')
  // The shortest text that reads back as x is already the rounded one when it is short enough.
  if (point < 0 || shortest.length - point - 1 <= decimals)
    return shortest.includes('e') ? fixed(x, decimals) : shortest
  return fixed(x, decimals)
}

/** FLOAT holds about 7 digits: in the long profile the digits that single precision does not have are left out. */
export function floatText(x: number, decimals = 6): string {
  if (decimals > 6 && Number.isFinite(x)) {
    for (let digits = 6; digits <= 9; digits++) {
      const shorter = Number(x.toPrecision(digits))
      if (Math.fround(shorter) === x) return doubleText(shorter, decimals)
    }
  }
  return doubleText(x, decimals)
}

function fixed(x: number, decimals: number): string {
  const text = trimZeros(x.toFixed(decimals))
  return text === '-0' ? '0' : text
}

function exponentText(x: number, decimals: number): string {
  const [mantissa, exponent] = x.toExponential(decimals).split('e')
  const shortMantissa = String(x.toExponential()).split('e')[0]
  return `${shortMantissa.length < mantissa.length ? shortMantissa : trimZeros(mantissa)}E${Number(exponent)}`
}

function trimZeros(text: string): string {
  if (!text.includes('.')) return text
  let end = text.length
  while (text.charCodeAt(end - 1) === 48) end--
  if (text.charCodeAt(end - 1) === 46) end--
  return text.slice(0, end)
}

/** An integer count of 10^-scale as decimal text with exactly `scale` digits after the point. */
export function decimalText(raw: number | bigint, scale: number): string {
  const negative = raw < 0
  let digits = String(negative ? -raw : raw)
  if (scale === 0) return negative ? `-${digits}` : digits
  digits = digits.padStart(scale + 1, '0')
  const point = digits.length - scale
  return `${negative ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`
}
