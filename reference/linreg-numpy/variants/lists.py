"""Lists instead of arrays."""


def train(x, y, epochs, batch_size, lr, rng):
    points = list(zip(x.tolist(), y.tolist()))
    w, b = 0.0, 0.0
    for _ in range(epochs):
        rng.shuffle(points)
        for start in range(0, len(points), batch_size):
            batch = points[start : start + batch_size]
            dw = sum(2 * (w * x + b - y) * x for x, y in batch) / len(batch)
            db = sum(2 * (w * x + b - y) for x, y in batch) / len(batch)
            w, b = w - lr * dw, b - lr * db
    return w, b
