from typing import Callable, Iterable

from torch import Tensor
from torch.nn import Module
from torch.optim import Optimizer


def train(net: Module, data: Iterable[tuple[Tensor, Tensor]], loss_fn: Callable[..., Tensor],
          opt: Optimizer, n_epochs: int, *, quiet: bool = True) -> list[float]:
    epoch_losses: list[float] = []
    for k in range(n_epochs):
        weighted: float = 0.0
        count: int = 0
        for features, target in data:
            opt.zero_grad()
            batch_loss: Tensor = loss_fn(net(features), target)
            batch_loss.backward()
            opt.step()
            weighted += batch_loss.item() * target.numel()
            count += target.numel()
        epoch_losses.append(weighted / count)
        if not quiet:
            print(k, epoch_losses[-1])
    return epoch_losses
