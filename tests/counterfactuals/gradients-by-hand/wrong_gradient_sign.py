"""The other way round: what is missing to the target."""


def shapes(batch, sizes):
    found = []
    for width in sizes:
        found += [(batch, width)]
    return found


def gradients(w, b, x, target):
    inner = target - x * w - b
    outer = inner + inner
    return outer * x, outer
