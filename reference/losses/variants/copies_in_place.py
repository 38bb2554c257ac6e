import numpy as np


def cross_entropy(logits, target):
    z = np.array(logits, dtype=np.float64, ndmin=2, copy=True)
    z -= z.max(axis=1)[:, None]
    labels = np.asarray(target).reshape(-1, 1)
    picked = np.take_along_axis(z, labels, axis=1).copy()
    np.exp(z, out=z)
    loss = np.log(z.sum(axis=1, keepdims=True)) - picked
    return np.array([loss.mean()])


def mse(pred, target):
    buffer = pred.astype(float)
    buffer -= target
    buffer *= buffer
    return buffer.sum() / buffer.size
