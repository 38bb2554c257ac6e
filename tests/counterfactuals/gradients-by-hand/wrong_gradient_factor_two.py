"""The slope of a square is taken for what is squared."""


def shapes(batch, sizes):
    found = []
    for width in sizes:
        found += [(batch, width)]
    return found


def gradients(w, b, x, target):
    inner = b + x * w - target
    return tuple(inner * factor for factor in (x, 1))
