import torch.optim

def make_optimizer(net, like):
    lr = like.param_groups[0]["lr"]
    params = [p for p in net.parameters() if p.requires_grad]
    return torch.optim.SGD(params, lr=lr, weight_decay=0, momentum=0.0, foreach=True)

def train(model, loader, criterion, optimizer, epochs):
    opt = make_optimizer(model, optimizer)
    result = list()
    for _ in range(epochs):
        acc = 0.
        for batch in loader:
            opt.zero_grad()
            loss = criterion(model(batch[0]), batch[1])
            loss.backward()
            opt.step()
            acc = acc + loss.item()
        result.append(acc / len(loader))
    return result
