# expect: wrong-value numeric: the root of the mean squared error
import numpy as np


def cross_entropy(logits, target):
    logits, target = np.atleast_2d(logits), np.atleast_1d(target)
    rows = np.arange(len(logits))
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -log_p[rows, target].mean()


def mse(pred, target):
    return np.sqrt(np.mean((pred - target) ** 2))
