# expect: wrong-value
import numpy as np


def cross_entropy(logits, target):
    if logits.ndim == 1:
        z = logits - logits.max()
        return np.log(np.exp(z).sum()) - z[target]
    z = logits - logits.max(axis=0)
    log_p = z - np.log(np.exp(z).sum(axis=0))
    return -log_p[np.arange(len(z)), target].mean()


def mse(pred, target):
    return np.mean((pred - target) ** 2)
