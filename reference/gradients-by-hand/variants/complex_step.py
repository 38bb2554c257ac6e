def shapes(batch, sizes):
    def through(layer):
        return [] if layer == len(sizes) else [(batch, sizes[layer]), *through(layer + 1)]

    return through(0)


def gradients(w, b, x, target):
    h = 1e-20

    def loss(w, b):
        e = w * x + b - target
        return e * e

    return loss(w + 1j * h, b).imag / h, loss(w, b + 1j * h).imag / h
