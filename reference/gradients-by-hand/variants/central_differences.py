def shapes(batch, sizes):
    result = []
    index = 0
    while index < len(sizes):
        result.append((batch, sizes[index]))
        index += 1
    return result


def gradients(w, b, x, target, h=1e-4):
    def loss(weight, bias):
        return (weight * x + bias - target) ** 2

    dw = (loss(w + h, b) - loss(w - h, b)) / (2 * h)
    db = (loss(w, b + h) - loss(w, b - h)) / (2 * h)
    return dw, db
