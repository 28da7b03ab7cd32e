"""Demo 29.  A table of your own

Run:    python demos/29_a_table_of_your_own.py
Takes:  about two seconds
Before: lesson 28
After:  you can learn from a table of your own, and say how good a prediction is
New:    read_csv, rmse, .columns, .words, .inputs, .targets

The question.  You have a table, with numbers of all sizes and with words, and a column
that you would like to predict.  What has to be done before a net can read it, and how
far off will the prediction of a new line be?

What you will see.  A table of flats and their rents, written as a CSV file (values
between commas, that is) and read again; words become numbers (one-hot).  What a gap in
it says.  Then each step, five times with other lines kept back: split, scale by the
training part alone (standardization), train, and measure in euros on lines that were
never seen.  A net beside the mean and beside a straight formula.  A new flat, and the
mistake that everybody makes with it once.
"""

import random
from pathlib import Path
from statistics import fmean, pstdev
from textwrap import fill

from micronn.data import split
from micronn.datasets import read_csv
from micronn.losses import mse
from micronn.nn import MLP
from micronn.optim import Adam
from micronn.training import evaluate, fit, rmse

# The table.  Yours comes from a spreadsheet; this one is made by a rule, so that we know
# what can be known: each rent is off the rule by some 40 euros that nobody can foresee.
DISTRICTS = {"centre": 1.5, "harbour": 1.2, "suburb": 0.9}
NOISE = 40.0
rng = random.Random(29)
lines = ["area,rooms,year,district,rent"]
for _ in range(160):
    area, district = rng.uniform(25.0, 120.0), rng.choice(list(DISTRICTS))
    rooms, year = max(1, round(area / 28.0 + rng.gauss(0.0, 0.5))), rng.randint(1900, 2024)
    rent = 120.0 + 8.0 * DISTRICTS[district] * area + 25.0 * rooms
    rent += 150.0 * (year > 2000) + rng.gauss(0.0, NOISE)
    lines.append(f"{area:.0f},{rooms},{year},{district},{rent:.0f}")
path = Path("flats.csv")
path.write_text("\n".join(lines) + "\n", "utf-8")
print(f"wrote {path}, {len(lines) - 1} flats:", *lines[:4], sep="\n   ")

# read_csv() makes examples of a file: .inputs, lists of numbers, and .targets; .columns are the
# names of the columns that were read, .words the different words of those that hold words.
table = read_csv(path, target="rent")
print(f"\nread: columns {', '.join(table.columns)}; words {table.words}")
print(f"the first line is now {table.inputs[0]} -> {table.targets[0]}")
# prints: words {'district': ['centre', 'harbour', 'suburb']}

# A gap is not a number, and is not guessed.
gap = Path("flats_with_a_gap.csv")
gap.write_text("\n".join([*lines[:7], "55,2,,suburb,640", *lines[7:9]]) + "\n", "utf-8")
try:
    read_csv(gap, target="rent")
except ValueError as problem:
    print(fill(f"with a gap: {problem}", width=88))
# prints: with a gap: flats_with_a_gap.csv, line 8


def scales(columns):
    """For each column its mean and its spread (standard deviation)."""
    return [(fmean(column), pstdev(column)) for column in columns]


def scaled(row, by):
    """The row with each number as so many spreads above the mean of its column."""
    return [(number - middle) / spread for number, (middle, spread) in zip(row, by, strict=True)]


def learned(part, nouts, seed):
    """A net for these examples, trained 60 epochs."""
    rng = random.Random(seed)
    model = MLP(len(part[0][0]), nouts, "tanh", "xavier", rng)
    fit(model, mse, part, Adam(model.parameters(), 0.02), epochs=60, batch_size=10, rng=rng)
    return model


print("\nOFF BY, in euros (root mean squared error), on 40 flats never seen")
print("seed   the mean   one neuron   a net      a net, inputs as they are")
SEEDS, found, nets = (1, 2, 3, 4, 5), [], []
for seed in SEEDS:
    train, _, test = split((table.inputs, table.targets), 0.0, 0.25, random.Random(seed))
    by = scales(zip(*train[0], strict=True))  # of the training part alone
    middle, spread = scales([train[1]])[0]
    parts = [
        ([scaled(row, by) for row in rows], [(rent - middle) / spread for rent in rents])
        for rows, rents in (train, test)
    ]
    # rmse() is the root of the mean squared error, in the unit of what is asked for.
    row = [rmse([middle] * len(test[1]), test[1])]
    for nouts in ([1], [8, 1]):
        net = learned(parts[0], nouts, seed)
        row.append(evaluate(net, mse, parts[1], rmse).metric * spread)  # in euros again
    nets.append((net, by, middle, spread))
    raw = [(rows, rents) for rows, (_, rents) in zip((train[0], test[0]), parts, strict=True)]
    net = learned(raw[0], [8, 1], seed)
    row.append(evaluate(net, mse, raw[1], rmse).metric * spread)
    said = [h.data for x in raw[1][0] for h in net.layers[0](x)]
    row.append(fmean(float(abs(h) > 0.99) for h in said))
    found.append(row)
    print(f"{seed:4d}" + "".join(f"{off:12.0f}" for off in row[:4]))
print(f"noise alone: {NOISE:.0f}")
better = all(mean > neuron > net for mean, neuron, net, *_ in found)
print(f"in every row a net is nearer than one neuron, and that than the mean: {better}")
# prints: in every row a net is nearer than one neuron, and that than the mean: True
print("""A neuron is a straight formula: so much a square metre, in every district.  The net
can let the district change the price of a metre.
""")
nothing = all(row[3] > 0.95 * row[0] for row in found)
print(f"with the inputs as they are, it is hardly better than the mean: {nothing}")
# prints: with the inputs as they are, it is hardly better than the mean: True
stuck = min(row[4] for row in found) > 0.9
print(f"more than 90% of what its hidden neurons say is beyond 0.99 or -0.99: {stuck}.")
# prints: more than 90% of what its hidden neurons say is beyond 0.99 or -0.99: True.
print("""A year of 2000 drives each tanh to its flat end (saturation), whatever the rest of the
line says.
""")

# A new line, which goes the same way: words to numbers, the scale of the training part.
new = {"area": 60.0, "rooms": 2.0, "year": 2010.0, "district": "harbour"}
x = []
for column in table.columns:
    known = table.words.get(column)
    x += [float(new[column] == word) for word in known] if known else [new[column]]
fair = 120.0 + 8.0 * 1.2 * 60.0 + 25.0 * 2.0 + 150.0
print(f"A NEW FLAT in the {new['district']}, {new['area']:.0f} m2, of {new['year']:.0f}:", end=" ")
print(f"by the rule {fair:.0f} euros")
right, wrong = [], []
for net, by, middle, spread in nets:
    right.append(net(scaled(x, by)).data * spread + middle)
    wrong.append(net(x).data * spread + middle)
print("   the five nets say       ", " ".join(f"{rent:6.0f}" for rent in right))
print("   forgetting to scale it  ", " ".join(f"{rent:6.0f}" for rent in wrong))
off = 2.0 * fmean(row[2] for row in found)
print(
    f"all within twice what they were off by on average: {all(abs(y - fair) < off for y in right)}"
)
# prints: all within twice what they were off by on average: True
near, far = (max(rents) - min(rents) for rents in (right, wrong))
print(f"forgetting it they are {far:.0f} euros apart, not {near:.0f}, and no error says so:")
print(f"more than 3 times as far: {far > 3.0 * near}")
# prints: more than 3 times as far: True

# Change it:
#  - A column of your own, such as a balcony, yes or no, worth 60 euros: who finds it?
#  - 20 lines instead of 160: which model is nearest now?
#  - The same by one command: micronn train flats.csv --target rent --save flats.json
