import numpy as np


def shapes(batch: int, sizes: list) -> list:
    return list(map(lambda size: (np.int64(batch), np.int64(size)), sizes))


def gradients(w, b, x, target):
    w, b, x, target = map(np.float32, (w, b, x, target))
    dloss = np.float32(-2.0) * (target - (w * x + b))
    return dloss * x, dloss
