# expect: input-mutated
def shapes(batch, sizes):
    result = []
    while sizes:
        result.append((batch, sizes.pop(0)))
    return result


def gradients(w, b, x, target):
    error = w * x + b - target
    return 2 * error * x, 2 * error
