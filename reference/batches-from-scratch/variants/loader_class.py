class Loader:
    def __init__(self, x, y, batch_size, drop_last):
        self.x, self.y, self.batch_size, self.drop_last = x, y, batch_size, drop_last
        self.order, self.position = list(range(len(x))), 0

    def shuffle(self, rng):
        # Fisher and Yates
        for last in range(len(self.order) - 1, 0, -1):
            other = int(rng.integers(0, last + 1))
            self.order[last], self.order[other] = self.order[other], self.order[last]

    def __iter__(self):
        return self

    def __next__(self):
        chosen = self.order[self.position : self.position + self.batch_size]
        if not chosen or (self.drop_last and len(chosen) != self.batch_size):
            raise StopIteration
        self.position += self.batch_size
        return self.x[chosen], self.y[chosen]


def batches(x, y, batch_size, shuffle, drop_last, rng):
    loader = Loader(x, y, batch_size, drop_last)
    if shuffle:
        loader.shuffle(rng)
    return loader
