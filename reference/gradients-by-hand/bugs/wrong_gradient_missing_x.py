# expect: wrong-gradient numeric: a chain rule without the inner derivative x
def shapes(batch, sizes):
    return [(batch, size) for size in sizes]


def gradients(w, b, x, target):
    slope = 2 * (w * x + b - target)
    return slope, slope
