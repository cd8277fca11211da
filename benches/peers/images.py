"""Pictures a second of image nets: basinscope and Burn beside PyTorch, in turns, in one run.

`benches/peers/images.sh` builds the engine, makes the virtual environment and calls this.
"""

import argparse
import importlib.util
import json
import pathlib
import subprocess
import tempfile
import time

import numpy as np
import torch

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE / "../../crates/basinscope-images/tests/fixtures"

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--engine", required=True, help="the example `throughput`")
parser.add_argument("--net", default="resnet20", choices=["resnet20", "lenet5", "vgg13"])
parser.add_argument("--channels", type=int, default=3)
parser.add_argument("--side", type=int, default=32)
parser.add_argument("--pictures", type=int, default=1024)
parser.add_argument("--batch", type=int, default=128)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--burn", action="store_true", help="Burn's flex as well")
args = parser.parse_args()

torch.set_num_threads(args.threads)
spec = importlib.util.spec_from_file_location("make_torch", FIXTURES / "make_torch.py")
nets = importlib.util.module_from_spec(spec)
spec.loader.exec_module(nets)

shape = (args.channels, args.side, args.side)
torch.manual_seed(0)
net = {
    "resnet20": lambda: nets.ResNet(20, 16, shape, 10),
    "lenet5": lambda: nets.LeNet5(shape, 10),
    "vgg13": lambda: nets.Vgg13(64, shape, 10),
}[args.net]()
pictures = torch.randn(args.pictures, *shape)
labels = torch.arange(args.pictures) % 10
net.train()
with torch.no_grad():  # statistics that fit the pictures
    for _ in range(20):
        net(pictures[:256])

folder = pathlib.Path(tempfile.mkdtemp())
torch.save(net.state_dict(), folder / "net.pt")
pictures.numpy().astype("<f4").tofile(folder / "pictures.f32")


def ours(device, rounds):
    command = [args.engine, args.net, args.pictures, args.channels, args.side, args.batch]
    command += [args.threads, device, rounds, folder / "net.pt", folder / "pictures.f32"]
    output = subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True)
    return [json.loads(line) for line in output.stdout.splitlines()]


def layouts(value):
    return {"contiguous": value.contiguous(), "channels last": value.to(memory_format=torch.channels_last)}


def evaluators():
    """Every way a careful user would evaluate: name -> (function of a batch, layout)."""
    net.eval()
    yield "eager", net
    frozen = torch.jit.freeze(torch.jit.trace(net, pictures[: args.batch]))
    yield "frozen", torch.jit.optimize_for_inference(frozen)


@torch.inference_mode()
def evaluate(run, value, size):
    total = 0.0
    begun = time.perf_counter()
    for at in range(0, len(value), size):
        logits = run(value[at : at + size])
        total += torch.nn.functional.cross_entropy(logits, labels[at : at + size], reduction="sum").item()
    return len(value) / (time.perf_counter() - begun), total / len(value)


def train(value):
    net.train()
    begun = time.perf_counter()
    for at in range(0, len(value) - args.batch + 1, args.batch):
        net.zero_grad()
        logits = net(value[at : at + args.batch])
        torch.nn.functional.cross_entropy(logits, labels[at : at + args.batch]).backward()
    return (len(value) // args.batch * args.batch) / (time.perf_counter() - begun)


best = {}


def offer(work, who, rate):
    best.setdefault(work, {})
    best[work][who] = max(rate, best[work].get(who, 0.0))


devices = ["cpu", "flex"] if args.burn else ["cpu"]
state = {key: value.clone() for key, value in net.state_dict().items()}
losses = {}
for _ in range(args.rounds):
    for device in devices:
        for line in ours(device, 2):
            name = "basinscope" if device == "cpu" else f"Burn ({device})"
            offer("evaluate", name, line["evaluate"])
            offer("train", name, line["train"])
            losses[name] = line["loss"]
            macs = line["multiply_adds"]
    net.load_state_dict(state)
    for kind, run in evaluators():
        for layout, value in layouts(pictures).items():
            model = run.to(memory_format=torch.channels_last) if kind == "eager" and layout != "contiguous" else run
            for size in (16, 64, 256):
                try:
                    evaluate(model, value[: 2 * size], size)
                    rate, loss = evaluate(model, value, size)
                except RuntimeError as error:
                    print(f"PyTorch {kind}, {layout}, {size}: {str(error).splitlines()[0]}")
                    continue
                losses[f"PyTorch {kind}"] = loss
                offer("evaluate", f"PyTorch ({kind}, {layout}, batches of {size})", rate)
            net.to(memory_format=torch.contiguous_format)
    for layout, value in layouts(pictures).items():
        net.to(memory_format=torch.channels_last if layout == "channels last" else torch.contiguous_format)
        offer("train", f"PyTorch ({layout})", train(value))
    net.load_state_dict(state)

reference = losses["PyTorch eager"]
for who, loss in losses.items():
    if abs(loss - reference) > 1e-5 * max(1.0, abs(reference)):
        raise SystemExit(f"{who}: loss {loss}, PyTorch {reference}")
print(f"\n{args.net}, {args.channels}×{args.side}×{args.side}, {macs / 1e6:.1f} million multiply–adds a picture, "
      f"{args.threads} threads, torch {torch.__version__}; losses agree to 1e-5: {reference:.6f}\n")
print("| work | who | pictures/s | to the best of PyTorch |\n|---|---|---:|---:|")
for work, found in best.items():
    peer = max(rate for who, rate in found.items() if who.startswith("PyTorch"))
    shown = sorted(found.items(), key=lambda item: -item[1])
    theirs = [item for item in shown if item[0].startswith("PyTorch")]
    for who, rate in [item for item in shown if item not in theirs] + theirs[:3]:
        print(f"| {work} | {who} | {rate:,.0f} | {rate / peer:.2f} × |")
