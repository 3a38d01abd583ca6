/** Plane rotations, and the singular values of 2 x 2 triangular matrices. */

export interface Rotation {
  readonly c: number
  readonly s: number
  readonly r: number
}

/** c and s with c*f + s*g = r and c*g - s*f = 0; r is negative only where f is, and is the larger of the two. */
export function rotation(f: number, g: number): Rotation {
  if (g === 0) return { c: 1, s: 0, r: f }
  if (f === 0) return { c: 0, s: 1, r: g }
  const d = Math.hypot(f, g)
  const r = f < 0 && Math.abs(f) > Math.abs(g) ? -d : d
  return { c: f / r, s: g / r, r }
}

/** The smaller singular value of [[f, g], [0, h]], without overflow. */
export function smallerSingularValue(f: number, g: number, h: number): number {
  const fa = Math.abs(f)
  const ga = Math.abs(g)
  const ha = Math.abs(h)
  const low = Math.min(fa, ha)
  const high = Math.max(fa, ha)
  if (low === 0) return 0
  if (ga < high) {
    const as = 1 + low / high
    const at = (high - low) / high
    const au = (ga / high) ** 2
    return low * (2 / (Math.sqrt(as * as + au) + Math.sqrt(at * at + au)))
  }
  const au = high / ga
  if (au === 0) return (low * high) / ga
  const as = 1 + low / high
  const at = (high - low) / high
  return 2 * (low * (1 / (Math.sqrt(1 + (as * au) ** 2) + Math.sqrt(1 + (at * au) ** 2)))) * au
}

export interface TwoByTwoSvd {
  readonly smaller: number
  readonly larger: number
  readonly left: { readonly c: number; readonly s: number }
  readonly right: { readonly c: number; readonly s: number }
}

const sign = (magnitude: number, of: number): number =>
  of < 0 || Object.is(of, -0) ? -Math.abs(magnitude) : Math.abs(magnitude)

/**
 * [[cl, sl], [-sl, cl]] ** [[f, g], [0, h]] ** [[cr, -sr], [sr, cr]] = diag(larger, smaller), values with signs (Demmel and Kahan, 1990).
 */
export function svdTwoByTwo(f: number, g: number, h: number): TwoByTwoSvd {
  let ft = f
  let fa = Math.abs(f)
  let ht = h
  let ha = Math.abs(h)
  const swapped = ha > fa
  if (swapped) {
    ft = h
    ht = f
    const x = fa
    fa = ha
    ha = x
  }
  // Which element is the largest: 1 f, 2 g, 3 h.
  let largest = swapped ? 3 : 1
  const ga = Math.abs(g)
  let clt = 1
  let crt = 1
  let slt = 0
  let srt = 0
  let smaller = ha
  let larger = fa
  if (ga !== 0) {
    let dominated = true
    if (ga > fa) {
      largest = 2
      if (fa / ga < 1.1102230246251565e-16) {
        dominated = false
        larger = ga
        smaller = ha > 1 ? fa / (ga / ha) : (fa / ga) * ha
        clt = 1
        slt = ht / g
        srt = 1
        crt = ft / g
      }
    }
    if (dominated) {
      const d = fa - ha
      let l = d === fa ? 1 : d / fa
      const m = g / ft
      let t = 2 - l
      const mm = m * m
      const s = Math.sqrt(t * t + mm)
      const r = l === 0 ? Math.abs(m) : Math.sqrt(l * l + mm)
      const a = 0.5 * (s + r)
      smaller = ha / a
      larger = fa * a
      if (mm === 0) t = l === 0 ? sign(2, ft) * sign(1, g) : g / sign(d, ft) + m / t
      else t = (m / (s + t) + m / (r + l)) * (1 + a)
      l = Math.sqrt(t * t + 4)
      crt = 2 / l
      srt = t / l
      clt = (crt + srt * m) / a
      slt = ((ht / ft) * srt) / a
    }
  }
  const left = swapped ? { c: srt, s: crt } : { c: clt, s: slt }
  const right = swapped ? { c: slt, s: clt } : { c: crt, s: srt }
  let signs = 1
  if (largest === 1) signs = sign(1, right.c) * sign(1, left.c) * sign(1, f)
  if (largest === 2) signs = sign(1, right.s) * sign(1, left.c) * sign(1, g)
  if (largest === 3) signs = sign(1, right.s) * sign(1, left.s) * sign(1, h)
  return { larger: sign(larger, signs), smaller: sign(smaller, signs * sign(1, f) * sign(1, h)), left, right }
}
