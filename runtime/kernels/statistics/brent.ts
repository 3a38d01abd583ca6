/** Root and minimum of a function of one variable, by Brent's methods (Algorithms for Minimization without Derivatives, 1973). */
const EPSILON = 2 ** -52

/** A zero of f in [a, b], where f(a) and f(b) have different signs. */
export function findRoot(f: (x: number) => number, a0: number, b0: number): number {
  let a = a0
  let b = b0
  let fa = f(a)
  let fb = f(b)
  let c = a
  let fc = fa
  let d = b - a
  let e = d
  for (let round = 0; round < 500; round++) {
    if (fb > 0 === fc > 0) {
      c = a
      fc = fa
      d = b - a
      e = d
    }
    if (Math.abs(fc) < Math.abs(fb)) {
      a = b
      b = c
      c = a
      fa = fb
      fb = fc
      fc = fa
    }
    const tolerance = EPSILON * Math.abs(b)
    const half = (c - b) / 2
    if (Math.abs(half) <= tolerance || fb === 0) break
    if (Math.abs(e) >= tolerance && Math.abs(fa) > Math.abs(fb)) {
      const s = fb / fa
      let p: number
      let q: number
      if (a === c) {
        p = 2 * half * s
        q = 1 - s
      } else {
        const t = fa / fc
        const r = fb / fc
        p = s * (2 * half * t * (t - r) - (b - a) * (r - 1))
        q = (t - 1) * (r - 1) * (s - 1)
      }
      if (p > 0) q = -q
      p = Math.abs(p)
      if (2 * p < Math.min(3 * half * q - Math.abs(tolerance * q), Math.abs(e * q))) {
        e = d
        d = p / q
      } else {
        d = half
        e = half
      }
    } else {
      d = half
      e = half
    }
    a = b
    fa = fb
    b += Math.abs(d) > tolerance ? d : half > 0 ? tolerance : -tolerance
    fb = f(b)
  }
  return b
}

/** A place in [a, b] where f has a local minimum. */
export function findMinimum(f: (x: number) => number, a0: number, b0: number, tolerance = 1.5e-8): number {
  const golden = (3 - Math.sqrt(5)) / 2
  let a = a0
  let b = b0
  let x = a + golden * (b - a)
  let w = x
  let v = x
  let fx = f(x)
  let fw = fx
  let fv = fx
  let d = 0
  let e = 0
  for (let round = 0; round < 500; round++) {
    const middle = (a + b) / 2
    const near = tolerance * Math.abs(x) + 1e-11
    if (Math.abs(x - middle) <= 2 * near - (b - a) / 2) break
    let isGolden = true
    if (Math.abs(e) > near) {
      const r = (x - w) * (fx - fv)
      let q = (x - v) * (fx - fw)
      let p = (x - v) * q - (x - w) * r
      q = 2 * (q - r)
      if (q > 0) p = -p
      q = Math.abs(q)
      const before = e
      e = d
      if (Math.abs(p) < Math.abs(0.5 * q * before) && p > q * (a - x) && p < q * (b - x)) {
        d = p / q
        const u = x + d
        if (u - a < 2 * near || b - u < 2 * near) d = middle > x ? near : -near
        isGolden = false
      }
    }
    if (isGolden) {
      e = x >= middle ? a - x : b - x
      d = golden * e
    }
    const u = Math.abs(d) >= near ? x + d : x + (d > 0 ? near : -near)
    const fu = f(u)
    if (fu <= fx) {
      if (u >= x) a = x
      else b = x
      v = w
      fv = fw
      w = x
      fw = fx
      x = u
      fx = fu
    } else {
      if (u < x) a = u
      else b = u
      if (fu <= fw || w === x) {
        v = w
        fv = fw
        w = u
        fw = fu
      } else if (fu <= fv || v === x || v === w) {
        v = u
        fv = fu
      }
    }
  }
  return x
}
