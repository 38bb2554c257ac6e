# expect: wrong-gradient wrong-value
def shapes(batch, sizes):
    return [(batch,) for _ in sizes]


def gradients(w, b, x, target):
    error = w * x - target
    return 2 * error * x, 2 * error
