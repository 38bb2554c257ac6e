# expect: wrong-gradient numeric: a chain rule without the 2 of the square
def shapes(batch, sizes):
    return [(batch, size) for size in sizes]


def gradients(w, b, x, target):
    error = w * x + b - target
    return error * x, error
