# expect: crashed
import numpy as np


def cross_entropy(logits, target):
    z = logits - logits.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), target])


def mse(pred, target):
    return np.mean((pred - target) ** 2)
