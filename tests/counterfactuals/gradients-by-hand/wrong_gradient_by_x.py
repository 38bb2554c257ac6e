"""The weight is taken for what it is multiplied by."""


def shapes(batch, sizes):
    found = []
    for width in sizes:
        found += [(batch, width)]
    return found


def gradients(w, b, x, target):
    inner = b + x * w - target
    outer = inner + inner
    return w * outer, outer
