"""kernels.py ELEMENTS REPEATS: the functions of language/kernels.ts in numpy, in the order they have there."""

import json
import sys
import time

import numpy as np

n, repeats = int(sys.argv[1]), int(sys.argv[2])


def mixed(factor):
    h = (np.arange(n, dtype=np.int64) * factor + 12345) % 2147483648
    h = ((h ^ (h >> 15)) * 48271) % 2147483648
    return h ^ (h >> 13)


a = mixed(69069) / 2147483648.0
b = mixed(40692) / 2147483648.0 + 0.5
k = mixed(16807)
p = (k % n).astype(np.int32)

steps = [
    (lambda: a + b, np.sum),
    (lambda: (a - b) / (a + b) * 2.5, np.sum),
    (lambda: a > b, np.sum),
    (lambda: (a > 0.25) & (a < 0.75), np.sum),
    (lambda: np.where(a > b, a, b), np.sum),
    (lambda: np.abs(a - b), np.sum),
    (lambda: np.sqrt(a), np.sum),
    (lambda: np.exp(a), np.sum),
    (lambda: np.log(b), np.sum),
    (lambda: k + 7, np.sum),
    (lambda: np.rint(a * 1000).astype(np.int32), lambda r: np.sum(r, dtype=np.int64)),
    (lambda: np.sum(a), float),
    (lambda: np.sum(k), float),
    (lambda: np.mean(a), float),
    (lambda: np.max(a) - np.min(a), float),
    (lambda: np.std(a, ddof=1), float),
    (lambda: np.average(a, weights=b), float),
    (lambda: np.cumsum(a), np.mean),
    (lambda: np.maximum.accumulate(a), np.sum),
    (lambda: np.diff(a), lambda r: np.sum(np.abs(r))),
    (lambda: a[a > 0.5], np.sum),
    (lambda: a[p], np.sum),
]
answers, times = {}, {}
for number, (step, answer) in enumerate(steps):
    best = float("inf")
    for _ in range(repeats):
        r = None
        started = time.perf_counter()
        r = step()
        best = min(best, time.perf_counter() - started)
    times[f"s{number}"] = best * 1000
    answers[f"s{number}"] = float(answer(r))

print(json.dumps(answers))
print(json.dumps(times))
