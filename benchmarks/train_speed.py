# The other contender of train_speed.sh: the network of train_speed.cpp in PyTorch on the CPU, the same arguments and
# output. Convolutions in the layout channels_last, which is the faster one there.
import resource
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

BATCH = 128


class Sign(torch.autograd.Function):
    """-1 or +1; backwards the approx-sign of Bi-Real Net, 2 - 2|x| within +-1."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.where(x < 0, -1.0, 1.0)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * (2 - 2 * x.abs()).clamp(min=0)


class Block(nn.Module):
    """A residual around sign or relu, a 3x3 convolution and a batch norm."""

    def __init__(self, binary, inputs, outputs, stride=1):
        super().__init__()
        self.binary, self.stride, self.repeat = binary, stride, outputs // inputs
        self.conv = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=0 if binary else 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x):
        if self.binary:
            signs = F.pad(Sign.apply(x), (1, 1, 1, 1), value=1.0)
            y = F.conv2d(signs, Sign.apply(self.conv.weight), stride=self.stride)
        else:
            y = self.conv(F.relu(x))
        skip = F.avg_pool2d(x, 2) if self.stride == 2 else x
        return self.norm(y) + (torch.cat([skip] * self.repeat, 1) if self.repeat > 1 else skip)


class ThreeExits(nn.Module):
    def __init__(self, binary):
        super().__init__()
        stem = [nn.Conv2d(1, 64, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(64)]
        self.stages = nn.ModuleList([
            nn.Sequential(*stem, Block(binary, 64, 64), Block(binary, 64, 64)),
            nn.Sequential(Block(binary, 64, 128, 2), Block(binary, 128, 128)),
            nn.Sequential(Block(binary, 128, 128), Block(binary, 128, 128)),
        ])
        self.pools = [nn.AvgPool2d(6, 4), nn.AvgPool2d(4, 3), nn.AvgPool2d(4, 3)]
        self.heads = nn.ModuleList([nn.Linear(64 * 9, 10), nn.Linear(128 * 4, 10), nn.Linear(128 * 4, 10)])

    def forward(self, x):
        logits = []
        for stage, pool, head in zip(self.stages, self.pools, self.heads):
            x = stage(x)
            logits.append(head(pool(x).flatten(1)))
        return logits


def stripes(count):
    labels = torch.arange(count) % 10
    images = torch.randint(0, 128, (count, 1, 28, 28)).float()
    images += 128 * (torch.arange(28) // 2 == labels[:, None] + 2)[:, None, None, :]
    return (images - images.mean()) / images.std(), labels


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main():
    kind, precision, steps, epochs, threads = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    images, labels = stripes(BATCH * steps)
    net = ThreeExits(kind == "binary").to(memory_format=torch.channels_last)
    latent = [b.conv.weight for b in net.modules() if isinstance(b, Block) and b.binary]
    optimizer = torch.optim.Adam(net.parameters(), 2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps * epochs)
    for _ in range(epochs):
        start, before, total = time.perf_counter(), cpu_seconds(), 0.0
        order = torch.randperm(len(labels))
        for step in range(steps):
            chosen = order[step * BATCH:(step + 1) * BATCH]
            x = images[chosen].contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
                loss = sum(F.cross_entropy(z.float(), labels[chosen]) for z in net(x))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            with torch.no_grad():
                for w in latent:
                    w.clamp_(-1.25, 1.25)
            total += loss.item()
        print("epoch", time.perf_counter() - start, cpu_seconds() - before, total / steps, flush=True)
    print("peak_kib", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    print("built PyTorch", torch.__version__)


main()
