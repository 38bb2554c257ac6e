import torch

def train(model, loader, criterion, optimizer, epochs):
    # sanity check before training
    x0, y0 = next(iter(loader))
    print('x', x0.shape, x0.dtype, 'y', y0.shape)
    with torch.no_grad():
        print('loss before training', criterion(model(x0), y0).item())

    avg_losses = []
    for epoch in range(1, epochs + 1):
        tot_loss, tot_n = 0.0, 0
        for x, y in loader:
            bs = x.size(0)
            pred = model(x)
            loss = criterion(pred, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            tot_loss += bs * loss.item()
            tot_n += bs
        avg_losses.append(tot_loss / tot_n)

    with torch.no_grad():
        print('loss after training', criterion(model(x0), y0).item())
    return avg_losses
