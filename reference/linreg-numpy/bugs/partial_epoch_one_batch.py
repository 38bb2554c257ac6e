# expect: partial-epoch numeric: a loop that takes one batch an epoch
def train(x, y, epochs, batch_size, lr, rng):
    w, b = 0.0, 0.0
    for _ in range(epochs):
        rows = rng.permutation(len(x))[:batch_size]
        error = w * x[rows] + b - y[rows]
        w -= lr * 2 * (error * x[rows]).mean()
        b -= lr * 2 * error.mean()
    return w, b
