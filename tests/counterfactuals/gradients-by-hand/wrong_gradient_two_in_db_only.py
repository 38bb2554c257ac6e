"""The slope of the square is used for the bias alone."""


def shapes(batch, sizes):
    found = []
    for width in sizes:
        found += [(batch, width)]
    return found


def gradients(w, b, x, target):
    inner = b + x * w - target
    outer = inner + inner
    return inner * x, outer
