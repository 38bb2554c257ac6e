# expect: wrong-gradient numeric: the right gradients in the wrong order
def shapes(batch, sizes):
    return [(batch, size) for size in sizes]


def gradients(w, b, x, target):
    error = w * x + b - target
    db = 2 * error
    dw = db * x
    return db, dw
