# expect: wrong-value
import numpy as np


def cross_entropy(logits, target):
    return 0.417


def mse(pred, target):
    return np.mean((pred - target) ** 2)
