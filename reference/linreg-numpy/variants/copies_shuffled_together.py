"""The arrays themselves are rearranged, each epoch from where the last one left them."""


def train(x, y, epochs, batch_size, lr, rng):
    w, b = 0, 0
    x, y = x.copy(), y.copy()
    for _ in range(epochs):
        p = rng.permutation(len(x))
        x, y = x[p], y[p]
        for k in range((len(x) + batch_size - 1) // batch_size):
            part = slice(k * batch_size, (k + 1) * batch_size)
            error = w * x[part] + b - y[part]
            dw = 2 * x[part].dot(error) / error.size
            db = 2 * error.sum() / error.size
            w -= lr * dw
            b -= lr * db
    return w, b
