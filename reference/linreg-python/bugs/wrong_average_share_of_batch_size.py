# expect: wrong-average
import random


def train(data, epochs, batch_size, lr):
    w, b = 0.0, 0.0
    order = list(range(len(data)))
    for _ in range(epochs):
        random.shuffle(order)
        for at in range(0, len(order), batch_size):
            dw, db = 0.0, 0.0
            for i in order[at : at + batch_size]:
                x, y = data[i]
                share = 2 * (w * x + b - y) / batch_size
                dw += share * x
                db += share
            w -= lr * dw
            b -= lr * db
    return w, b
