# expect: wrong-gradient
def shapes(batch, sizes):
    return [(batch, size) for size in sizes]


def gradients(w, b, x, target):
    h = 0.1

    def loss(w, b):
        return (w * x + b - target) ** 2

    return (loss(w + h, b) - loss(w, b)) / h, (loss(w, b + h) - loss(w, b)) / h
