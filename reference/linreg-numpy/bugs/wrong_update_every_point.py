# expect: wrong-update
def train(x, y, epochs, batch_size, lr, rng):
    w, b = 0.0, 0.0
    for _ in range(epochs):
        for i in rng.permutation(len(x)):
            error = w * x[i] + b - y[i]
            w -= lr * 2 * error * x[i]
            b -= lr * 2 * error
    return w, b
