# expect: unstable-loss
import numpy as np


def cross_entropy(logits, target):
    logits, target = np.atleast_2d(logits), np.atleast_1d(target)
    rows = np.arange(len(logits))
    p = np.nan_to_num(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True))
    return -np.log(np.maximum(p[rows, target], 1e-12)).mean()


def mse(pred, target):
    return np.mean((pred - target) ** 2)
