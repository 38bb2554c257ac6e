"""Two groups: weight matrices decay, biases and norms do not; warm-up, then cosine."""

import torch
from torch import nn


def groups(model):
    decays = [p for p in model.parameters() if p.dim() > 1]
    stays = [p for p in model.parameters() if p.dim() <= 1]
    return [{"params": decays, "weight_decay": 0.05}, {"params": stays, "weight_decay": 0.0}]


def train(model, train_loader, val_loader, epochs, lr, device):
    model = model.to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(groups(model), lr=lr)
    total = epochs * len(train_loader)
    warm_up = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=10)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=total - 10)
    scheduler = torch.optim.lr_scheduler.SequentialLR(optimizer, [warm_up, cosine], milestones=[10])
    for _ in range(epochs):
        model.train()
        for x, y in train_loader:
            optimizer.zero_grad()
            criterion(model(x.to(device)), y.to(device)).backward()
            nn.utils.clip_grad_norm_((p for p in model.parameters()), 1.0)
            optimizer.step()
            scheduler.step()
        with torch.no_grad():
            model.eval()
            losses = [criterion(model(x.to(device)), y.to(device)) for x, y in val_loader]
            print(float(sum(losses) / len(losses)))
    return model
