# expect: wrong-update numeric: a loop that moves w before it computes db
def train(x, y, epochs, batch_size, lr, rng):
    w, b = 0.0, 0.0
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            xb, yb = x[order[start : start + batch_size]], y[order[start : start + batch_size]]
            w -= lr * 2 * ((w * xb + b - yb) * xb).mean()
            b -= lr * 2 * (w * xb + b - yb).mean()
    return w, b
