# expect: drained-iterator
def batches(x, y, size, rng):
    order = rng.permutation(len(x))
    for start in range(0, len(x), size):
        rows = order[start : start + size]
        yield x[rows], y[rows]


def train(x, y, epochs, batch_size, lr, rng):
    w, b = 0.0, 0.0
    loader = batches(x, y, batch_size, rng)
    for _ in range(epochs):
        for xb, yb in loader:
            error = w * xb + b - yb
            w -= lr * 2 * (error * xb).mean()
            b -= lr * 2 * error.mean()
    return w, b
