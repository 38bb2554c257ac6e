# expect: not-shuffled
def train(x, y, epochs, batch_size, lr, rng):
    w, b = 0.0, 0.0
    for _ in range(epochs):
        rng.permutation(x)
        for start in range(0, len(x), batch_size):
            xb, yb = x[start : start + batch_size], y[start : start + batch_size]
            error = w * xb + b - yb
            w -= lr * 2 * (error * xb).mean()
            b -= lr * 2 * error.mean()
    return w, b
