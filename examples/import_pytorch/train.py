#!/usr/bin/env python3
"""A small network with three exits in PyTorch, binary or float (--float): trains it on Fashion-MNIST and writes what
examples/import_pytorch.cpp imports: the weights, and NAME_answers.npz with the labels of all exits on the test images
and the logits on the first 32. Needs torch and numpy (Debian: python3-torch). Some seconds on the slice in the
repository; the files beside this one took 4 minutes each on the full set:
  OFFRAMP_DATA_DIR=... python3 train.py --epochs 10 --out binary.npz
  OFFRAMP_DATA_DIR=... python3 train.py --epochs 10 --float --out float.safetensors
"""
import argparse, gzip, json, os, pathlib, time
import numpy as np, torch
from torch import nn
from torch.nn import functional as F

SLICE = pathlib.Path(__file__).resolve().parents[1] / "data" / "fashion-mnist"

class SignFunction(torch.autograd.Function):  # +1 at 0, which torch.sign is not; backward: approx-sign of Bi-Real Net
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.where(x < 0, -1.0, 1.0)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * (2 - 2 * x.abs()).clamp(min=0)

class Sign(nn.Module):
    def forward(self, x):
        return SignFunction.apply(x)

class BinaryConv2d(nn.Conv2d):
    def forward(self, x):  # signs know no zero: the padding is +1
        x = F.pad(x, 4 * self.padding[:1], value=1.0)
        return F.conv2d(x, SignFunction.apply(self.weight), stride=self.stride)

class Residual(nn.Module):  # the shortcut has no parameters: average over the stride, channels repeated
    def __init__(self, *body):
        super().__init__()
        self.body = nn.Sequential(*body)

    def forward(self, x):
        y = self.body(x)
        x = F.avg_pool2d(x, x.shape[2] // y.shape[2])
        return y + x.repeat(1, y.shape[1] // x.shape[1], 1, 1)

def block(binary, inputs, outputs, stride):
    activation, conv = (Sign, BinaryConv2d) if binary else (nn.ReLU, nn.Conv2d)
    return Residual(activation(), conv(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs))

class Net(nn.Module):  # stages and heads are named as offramp expects; other names need a name map
    def __init__(self, binary):
        super().__init__()
        self.stages = nn.ModuleList([
            nn.Sequential(nn.Conv2d(1, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), block(binary, 16, 16, 1)),
            nn.Sequential(block(binary, 16, 32, 2)),
            nn.Sequential(block(binary, 32, 64, 1))])
        self.heads = nn.ModuleList([
            nn.Sequential(nn.AvgPool2d(7), nn.Flatten(), nn.Linear(16 * 2 * 2, 10)),
            nn.Sequential(nn.AvgPool2d(4, 3), nn.Flatten(), nn.Linear(32 * 2 * 2, 10)),
            nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))])

    def forward(self, x):
        logits = []
        for stage, head in zip(self.stages, self.heads):
            logits.append(head(x := stage(x)))
        return torch.stack(logits)  # [exit][image][class]

def read(folder, part):
    images, labels = (np.frombuffer(gzip.open(folder / f"{part}-{kind}-ubyte.gz").read(), np.uint8)
                      for kind in ("images-idx3", "labels-idx1"))
    images, labels = images[16:].reshape(-1, 1, 28, 28), labels[8:]  # behind the headers
    return torch.tensor(images / np.float32(255)), torch.tensor(labels).long()

def save(path, tensors):
    if path.suffix == ".npz":
        return np.savez_compressed(path, **tensors)
    header, data = {}, b""  # safetensors: the length of a JSON header, the header, the numbers
    for name, t in tensors.items():
        kind = {"float32": "F32", "int8": "I8", "int64": "I64"}[t.dtype.name]
        header[name] = {"dtype": kind, "shape": t.shape, "data_offsets": [len(data), len(data) + t.nbytes]}
        data += t.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)

def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--float", action="store_true", help="the float twin: relu, float weights, zero padding")
    options.add_argument("--epochs", type=int, default=8)
    options.add_argument("--out", type=pathlib.Path, default="binary.npz", help="a .npz or .safetensors file")
    o = options.parse_args()
    torch.manual_seed(1)
    root = os.environ.get("OFFRAMP_DATA_DIR")
    images, labels = (t[:55000] for t in read(pathlib.Path(root, "fashion-mnist") if root else SLICE, "train"))
    test, truth = read(SLICE, "test")
    net, begun = Net(not o.float), time.time()
    adam = torch.optim.Adam(net.parameters(), lr=3e-3)
    decay = torch.optim.lr_scheduler.CosineAnnealingLR(adam, o.epochs)
    for epoch in range(o.epochs):
        net.train()
        for at in torch.randperm(len(images)).split(64):
            loss = sum(F.cross_entropy(z, labels[at]) for z in net(images[at]))
            adam.zero_grad()
            loss.backward()
            adam.step()
        decay.step()
        print(f"epoch {epoch + 1}: loss {loss.item():.3f}, {time.time() - begun:.0f} s", flush=True)
    net.eval()
    with torch.no_grad():
        answers = torch.cat([net(x) for x in test.split(500)], dim=1)
    print("right per exit:", (answers.argmax(2) == truth).float().mean(1).tolist())
    tensors = {name: t.numpy() for name, t in net.state_dict().items()}
    for name, module in net.named_modules():
        if isinstance(module, BinaryConv2d):  # only the signs of its weights count
            tensors[name + ".weight"] = np.where(tensors[name + ".weight"] < 0, -1, 1).astype(np.int8)
    save(o.out, tensors)
    np.savez_compressed(o.out.with_name(o.out.stem + "_answers.npz"),
                        labels=answers.argmax(2).numpy().astype(np.uint8), logits=answers[:, :32].numpy())

if __name__ == "__main__":
    main()
