# expect: wrong-signature
def shapes(batch, sizes):
    return [(batch, size) for size in sizes]


def gradients(w, b, x):
    error = w * x + b
    return 2 * error * x, 2 * error
