# expect: wrong-gradient
def train(x, y, epochs, batch_size, lr, rng):
    w, b = 0.0, 0.0
    for _ in range(epochs):
        xs, ys = x[rng.permutation(len(x))], y[rng.permutation(len(y))]
        for start in range(0, len(xs), batch_size):
            xb, yb = xs[start : start + batch_size], ys[start : start + batch_size]
            error = w * xb + b - yb
            w -= lr * 2 * (error * xb).mean()
            b -= lr * 2 * error.mean()
    return w, b
