import torch.nn.functional as F

def train(model, loader, criterion, optimizer, epochs):
    out = []
    for ep in range(epochs):
        sse, n = 0.0, 0
        for xb, yb in loader:
            err = F.mse_loss(model(xb), yb, reduction='sum')
            optimizer.zero_grad()
            (err / xb.shape[0]).backward()
            optimizer.step()
            sse += err.item()
            n += xb.shape[0]
        out.append(sse / n)
    return out
