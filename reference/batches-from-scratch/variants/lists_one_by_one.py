def batches(x, y, batch_size, shuffle, drop_last, rng):
    samples = list(zip(x.tolist(), y.tolist()))
    if shuffle:
        samples = [samples[i] for i in rng.permutation(len(samples))]
    xb, yb = [], []
    for sample, target in samples:
        xb.append(sample)
        yb.append(target)
        if len(xb) == batch_size:
            yield xb, yb
            xb, yb = [], []
    if xb and not drop_last:
        yield xb, yb
