# expect: wrong-shape
def shapes(batch, sizes):
    return [(batch, size) for size in sizes]


def gradients(w, b, x, target):
    return 2 * (w * x + b - target) * x
