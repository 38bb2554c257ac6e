# exercise: gradients-by-hand
"""Shapes through a network, and the chain rule on one neuron."""


def shapes(batch, sizes):
    """The shape of the activations at every layer, from the input to the output."""
    # Layer by layer a sample becomes another number of numbers; how many samples there are never changes.
    return [(batch, size) for size in sizes]


def gradients(w, b, x, target):
    """How (w·x + b - target)² changes with w, and with b."""
    error = w * x + b - target
    loss_by_error = 2 * error  # the derivative of e² is 2e
    error_by_w = x  # w·x + b - target grows by x when w grows by 1 …
    error_by_b = 1  # … and by 1 when b does
    return loss_by_error * error_by_w, loss_by_error * error_by_b
