"""The bias comes first."""


def shapes(batch, sizes):
    found = []
    for width in sizes:
        found += [(batch, width)]
    return found


def gradients(w, b, x, target):
    inner = b + x * w - target
    outer = inner + inner
    result = [outer * x, outer]
    return tuple(result[::-1])
