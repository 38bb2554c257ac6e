# expect: missing-zero-grad
class Loop:
    def __init__(self, net, opt, crit):
        self.net, self.opt, self.crit = net, opt, crit
        self.opt.zero_grad()
        self.net.train()

    def __call__(self, batches):
        s, n = 0.0, 0
        for a, b in batches:
            err = self.crit(self.net(a), b)
            err.backward()
            self.opt.step()
            s, n = s + err.item() * len(a), n + len(a)
        return s / n


def train(model, loader, criterion, optimizer, epochs):
    loop = Loop(model, optimizer, criterion)
    return [loop(loader) for _ in range(epochs)]
