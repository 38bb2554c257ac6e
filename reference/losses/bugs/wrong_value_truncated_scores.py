# expect: wrong-value
import numpy as np


def cross_entropy(logits, target):
    logits, target = np.atleast_2d(logits), np.atleast_1d(target)
    rows = np.arange(len(logits))
    z = np.zeros_like(target, dtype=int)[:, None] + logits.astype(int)
    z = z - z.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(z).sum(axis=1)) - z[rows, target])


def mse(pred, target):
    return np.mean((pred - target) ** 2)
