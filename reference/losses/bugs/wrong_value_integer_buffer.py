# expect: wrong-value
import numpy as np


def cross_entropy(logits, target):
    logits, target = np.atleast_2d(logits), np.atleast_1d(target)
    rows = np.arange(len(logits))
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = np.empty_like(logits)
    for i, row in enumerate(z):
        log_p[i] = row - np.log(np.exp(row).sum())
    return -log_p[rows, target].mean()


def mse(pred, target):
    return np.mean((pred - target) ** 2)
