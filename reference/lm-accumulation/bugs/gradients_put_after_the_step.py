# expect: step-before-backward
import torch


def train(
    model, get_batch, optimizer, schedule, max_steps, grad_accum, max_norm, eval_interval, estimate_loss
):
    losses = []
    for step in range(max_steps):
        if step % eval_interval == 0:
            model.eval()
            with torch.no_grad():
                print(step, estimate_loss().item())
            model.train()
        for group in optimizer.param_groups:
            group["lr"] = schedule(step)
        total = 0.0
        mean = [torch.zeros_like(parameter) for parameter in model.parameters()]
        for _ in range(grad_accum):
            xb, yb = get_batch("train")
            _, loss = model(xb, yb)
            for kept, new in zip(mean, torch.autograd.grad(loss, list(model.parameters()))):
                kept.add_(new, alpha=1 / grad_accum)
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        for parameter, gradient in zip(model.parameters(), mean):
            parameter.grad = gradient
        losses.append(total / grad_accum)
    return losses
