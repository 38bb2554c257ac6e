# expect: wrong-value numeric: a list of shapes without the input's
def shapes(batch, sizes):
    result = []
    for size in sizes[1:]:
        result.append((batch, size))
    return result


def gradients(w, b, x, target):
    error = w * x + b - target
    return 2 * error * x, 2 * error
