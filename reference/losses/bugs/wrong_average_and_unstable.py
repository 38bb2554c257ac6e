# expect: wrong-average
import numpy as np


def cross_entropy(logits, target):
    logits, target = np.atleast_2d(logits), np.atleast_1d(target)
    rows = np.arange(len(logits))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return -np.log(p[rows, target]).sum()


def mse(pred, target):
    return np.mean((pred - target) ** 2)
