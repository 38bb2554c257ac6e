# expect: wrong-value numeric: a list of shapes with the batch last
def shapes(batch, sizes):
    return [(size, batch) for size in sizes]


def gradients(w, b, x, target):
    error = w * x + b - target
    return 2 * error * x, 2 * error
