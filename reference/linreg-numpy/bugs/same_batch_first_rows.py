# expect: same-batch-repeated
def train(x, y, epochs, batch_size, lr, rng):
    w, b = 0.0, 0.0
    xb, yb = x[:batch_size], y[:batch_size]
    for _ in range(epochs * len(x) // batch_size):
        error = w * xb + b - yb
        dw, db = 2 * (error * xb).mean(), 2 * error.mean()
        w, b = w - lr * dw, b - lr * db
    return w, b
