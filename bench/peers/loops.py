"""loops.py FIB TURNS: the programs of language/loops.ts. Prints what each found, then its milliseconds."""

import json
import sys
import time

fib_depth, turns = int(sys.argv[1]), int(sys.argv[2])
side = round(turns**0.5)


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def sieve(n):
    is_prime = [True] * (n + 1)
    is_prime[0] = False
    is_prime[1] = False
    i = 2
    while i * i <= n:
        if is_prime[i]:
            j = i * i
            while j <= n:
                is_prime[j] = False
                j += i
        i += 1
    count = 0
    for k in range(0, n + 1):
        if is_prime[k]:
            count += 1
    return count


def nested(n):
    total = 0
    for i in range(n):
        for j in range(n):
            if (i + j) % 3 == 0:
                total += i * j % 7
    return total


def integrate(n):
    step = 1.0 / n
    area = 0.0
    for k in range(n):
        x = (k + 0.5) * step
        area += 4.0 / (1.0 + x * x)
    return area * step


def big_steps(n):
    x = 12345
    i = 0
    while i < n:
        x = (x * 1103515245 + 12345) % 2147483648
        i += 1
    return x


def build(n):
    text = ""
    for k in range(n):
        text += str(k % 1000) + ","
    return len(text)


def collect(n):
    values = []
    for k in range(n):
        values.append(k * 0.5)
    total = 0.0
    for v in values:
        total += v
    return total


answers, times = {}, {}
steps = [
    lambda: fib(fib_depth),
    lambda: sieve(turns),
    lambda: nested(side),
    lambda: integrate(turns),
    lambda: big_steps(turns),
    lambda: build(turns),
    lambda: collect(turns),
]
for k, step in enumerate(steps):
    started = time.perf_counter()
    answers[f"s{k}"] = step()
    times[f"s{k}"] = (time.perf_counter() - started) * 1000

started = time.perf_counter()
r = 0
for i in range(side):
    for j in range(side):
        if (i + j) % 3 == 0:
            r += i * j % 7
answers["s7"] = r
times["s7"] = (time.perf_counter() - started) * 1000

print(json.dumps(answers))
print(json.dumps(times))
