# expect: wrong-shape
def shapes(batch, sizes):
    return " -> ".join(f"({batch}, {size})" for size in sizes)


def gradients(w, b, x, target):
    error = w * x + b - target
    return 2 * error * x, 2 * error
