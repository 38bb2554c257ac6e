# expect: wrong-update numeric: a loop that adds up all batches' gradients and steps once an epoch
def train(x, y, epochs, batch_size, lr, rng):
    w, b = 0.0, 0.0
    for _ in range(epochs):
        order = rng.permutation(len(x))
        dw = db = 0.0
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            error = w * x[rows] + b - y[rows]
            dw += 2 * (error * x[rows]).mean()
            db += 2 * error.mean()
        w -= lr * dw
        b -= lr * db
    return w, b
