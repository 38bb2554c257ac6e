# expect: wrong-gradient numeric: a chain rule that forgets the 2 in dw
def shapes(batch, sizes):
    return [(batch, size) for size in sizes]


def gradients(w, b, x, target):
    error = w * x + b - target
    db = 2 * error
    dw = error * x
    return dw, db
