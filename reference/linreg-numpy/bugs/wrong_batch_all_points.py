# expect: wrong-hyperparameter
def train(x, y, epochs, batch_size, lr, rng):
    w, b = 0.0, 0.0
    for _ in range(epochs):
        error = w * x + b - y
        w -= lr * 2 * (error * x).mean()
        b -= lr * 2 * error.mean()
    return w, b
