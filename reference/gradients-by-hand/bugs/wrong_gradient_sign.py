# expect: wrong-gradient numeric: a chain rule on t - (wx + b) that forgets the minus sign
def shapes(batch, sizes):
    return [(batch, size) for size in sizes]


def gradients(w, b, x, target):
    error = target - (w * x + b)
    return 2 * error * x, 2 * error
