# expect: wrong-value numeric: a list of the weights' shapes, not of the activations'
def shapes(batch, sizes):
    return [(a, b) for a, b in zip(sizes, sizes[1:])]


def gradients(w, b, x, target):
    error = w * x + b - target
    return 2 * error * x, 2 * error
