"""Both slopes are that of the square."""


def shapes(batch, sizes):
    found = []
    for width in sizes:
        found += [(batch, width)]
    return found


def gradients(w, b, x, target):
    inner = b + x * w - target
    outer = inner + inner
    return (outer,) * 2
