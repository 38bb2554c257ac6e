from torch.optim.lr_scheduler import LambdaLR

def train(model, loader, criterion, optimizer, epochs):
    sched = LambdaLR(optimizer, lr_lambda=lambda epoch: 1.0)
    out = []
    for epoch in range(epochs):
        s = 0
        for x, t in loader:
            optimizer.zero_grad()
            L = criterion(model(x), t)
            L.backward()
            optimizer.step()
            s += L.item()
        sched.step()
        out.append(s / len(loader))
    return out
