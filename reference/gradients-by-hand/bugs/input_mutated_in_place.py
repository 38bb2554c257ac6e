# expect: input-mutated
def shapes(batch, sizes):
    for index, size in enumerate(sizes):
        sizes[index] = (batch, size)
    return sizes


def gradients(w, b, x, target):
    error = w * x + b - target
    return 2 * error * x, 2 * error
