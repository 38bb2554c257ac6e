class Callback:
    def on_epoch_start(self, t): ...
    def on_batch_end(self, t): ...
    def on_epoch_end(self, t): ...


class Recorder(Callback):
    def __init__(self):
        self.epochs, self._batch = [], []

    def on_epoch_start(self, t):
        self._batch.clear()

    def on_batch_end(self, t):
        self._batch.append((t.loss.item(), len(t.xb)))

    def on_epoch_end(self, t):
        weight = sum(n for _, n in self._batch)
        self.epochs.append(sum(l * n for l, n in self._batch) / weight)


class Learner:
    def __init__(self, model, dl, loss_func, opt, cbs):
        self.model, self.dl, self.loss_func, self.opt, self.cbs = model, dl, loss_func, opt, cbs

    def __call__(self, event):
        for cb in self.cbs:
            getattr(cb, event)(self)

    def one_batch(self):
        self.preds = self.model(self.xb)
        self.loss = self.loss_func(self.preds, self.yb)
        self.loss.backward()
        self.opt.step()
        self.opt.zero_grad()
        self("on_batch_end")

    def fit(self, n):
        for _ in range(n):
            self("on_epoch_start")
            for self.xb, self.yb in self.dl:
                self.one_batch()
            self("on_epoch_end")


def train(model, loader, criterion, optimizer, epochs):
    rec = Recorder()
    Learner(model, loader, criterion, optimizer, [rec]).fit(epochs)
    return rec.epochs
