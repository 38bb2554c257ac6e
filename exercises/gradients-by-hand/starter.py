"""Shapes and slopes by hand: fill the gaps, then `grade submit --exercise gradients-by-hand starter.py`."""


def shapes(batch, sizes):
    """The shape of the activations at every layer, from the input to the output."""
    result = []
    for size in sizes:
        # TODO: a batch of so many samples, each with so many numbers: which shape is that?
        result.append((size,))
    return result


def gradients(w, b, x, target):
    """How (w·x + b - target)² changes with w, and with b."""
    error = w * x + b - target
    # TODO: the chain rule: first the square by the error, then the error by w (and by b)
    dw = 0.0 * error
    db = 0.0 * error
    return dw, db
