# expect: wrong-value
def shapes(batch, sizes):
    return [(batch, size + 1) for size in sizes]


def gradients(w, b, x, target):
    error = w * x + b - target
    return 2 * error * x, 2 * error
