"""The input is not counted as a layer."""


def shapes(batch, sizes):
    found = []
    for width in sizes:
        found += [(batch, width)]
    del found[0]
    return found


def gradients(w, b, x, target):
    inner = b + x * w - target
    outer = inner + inner
    return outer * x, outer
