# expect: wrong-value numeric: a list of shapes without the output's
def shapes(batch, sizes):
    return [(batch, sizes[i]) for i in range(len(sizes) - 1)]


def gradients(w, b, x, target):
    error = w * x + b - target
    return 2 * error * x, 2 * error
