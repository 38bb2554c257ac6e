# expect: wrong-hyperparameter
def train(data, epochs, batch_size, lr):
    w, b = 0.0, 0.0
    for _ in range(epochs):
        dw = sum(2 * (w * x + b - y) * x for x, y in data) / len(data)
        db = sum(2 * (w * x + b - y) for x, y in data) / len(data)
        w -= lr * dw
        b -= lr * db
    return w, b
