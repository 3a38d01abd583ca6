"""parse.py LINES: CPython's parser on as many lines as language/parse.ts has, of the same kind."""

import ast
import json
import sys
import time

PIECE = '''def spread{k}(bid, ask, limit=0.5):
    # The distance between two prices, at most limit.
    width = ask - bid
    if width < 0 or width is None:
        return 0.0
    total = 0
    for i in range(10):
        total += width * i + {k}
        if total > limit * 100:
            break
    return min(total, limit)
prices{k} = [{k}.25, 10.5, 11.75, 12.0, None]
names{k} = ["A", "B", "C", "D", "E"]
quotes{k} = table(sym=names{k}, price=prices{k}, day=take(["2024.01.01", "2024.01.02", "2024.01.03"], 5))
best{k} = quotes{k}.where(lambda t: t.price > {k} and t.sym in ["A", "B"]).group("sym").agg(high=max("price"), mean=avg("price")).sort("sym")
quotes{k}.update(lambda t: t.sym == "A", price=lambda t: t.price * 1.1)
x{k} = sum(map(lambda x: x * 2 + {k}, prices{k}))
if x{k} >= 100 and x{k} is not None: print("x is " + str(x{k}))
'''
lines = int(sys.argv[1])
text = "".join(PIECE.replace("{k}", str(k)) for k in range(lines // PIECE.count("\n") + 1))
text = "\n".join(text.split("\n")[: lines - lines % PIECE.count("\n")]) + "\n"
started = time.perf_counter()
tree = ast.parse(text)
milliseconds = (time.perf_counter() - started) * 1000
print(len(tree.body))
print(json.dumps({"parse": milliseconds}))
