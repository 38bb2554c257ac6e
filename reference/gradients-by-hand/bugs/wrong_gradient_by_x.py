# expect: wrong-gradient numeric: a chain rule that multiplies by w instead of x
def shapes(batch, sizes):
    return [(batch, size) for size in sizes]


def gradients(w, b, x, target):
    error = w * x + b - target
    return 2 * error * w, 2 * error
