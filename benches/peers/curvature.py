"""Top eigenvalues and trace of the Hessian of image nets: basinscope next to curvlinops with
SciPy's eigsh, hessian-eigenthings and PyHessian, on the same weights and pictures, in one run.

`benches/peers/curvature.sh` builds the engine, makes the virtual environment and calls this.
Nets are trained here for a few epochs on the first MNIST test digits (--idx: a folder with the
two files t10k-*-ubyte.gz), or read from a saved run (--weights RUN/minima/NAME.safetensors, whose
tensors have the names of the modules of make_torch.py). Values are compared first: each
eigenvalue must be within 1 % of curvlinops' before a time counts.
"""

import argparse
import contextlib
import gzip
import importlib.util
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE / "../../crates/basinscope-images/tests/fixtures"

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--engine", required=True, help="the example `curvature`")
parser.add_argument("--nets", default="resnet20,resnet8x0.5,vgg13x0.125,lenet5,mlp-32-16")
parser.add_argument("--idx", help="folder of MNIST's test files")
parser.add_argument("--weights", help="a saved minimum, for a single net")
parser.add_argument("--pictures", type=int, default=512)
parser.add_argument("--epochs", type=int, default=12)
parser.add_argument("--top", type=int, default=5)
parser.add_argument("--trace-products", type=int, default=120, help="of curvlinops' Hutch++")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--rivals", default="curvlinops,eigenthings,pyhessian")
parser.add_argument("--json", help="file that the results are written to")
args = parser.parse_args()

torch.set_num_threads(args.threads)
spec = importlib.util.spec_from_file_location("make_torch", FIXTURES / "make_torch.py")
nets = importlib.util.module_from_spec(spec)
spec.loader.exec_module(nets)
make = {(name, tuple(shape)): build for name, build, shape, _ in nets.NETS}
SHAPE, CLASSES = (1, 28, 28), 10


def built(name):
    """The module of a net, for digits."""
    for (known, _), build in make.items():
        if known == name:
            return build(list(SHAPE))
    raise SystemExit(f"{name} is not among the nets of make_torch.py: {sorted(k for k, _ in make)}")


def digits(count):
    folder = pathlib.Path(args.idx or os.path.expandvars("$BASINSCOPE_DATA/mnist"))

    def read(stem, skip):
        found = sorted(folder.rglob(f"{stem}*"))
        if not found:
            raise SystemExit(f"no {stem}* under {folder}: name MNIST's folder by --idx")
        data = found[0].read_bytes()
        if found[0].suffix == ".gz":
            data = gzip.decompress(data)
        return np.frombuffer(data, np.uint8)[skip:]

    pixels = read("t10k-images", 16).reshape(-1, *SHAPE)[:count].astype(np.float32) / 255
    labels = read("t10k-labels", 8)[:count].astype(np.int64)
    return torch.from_numpy((pixels - 0.1307) / 0.3081), torch.from_numpy(labels)


def trained(net, x, y):
    """A few epochs of Adam, so that the loss is low and not 0."""
    torch.manual_seed(0)
    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    net.train()
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    for _ in range(args.epochs):
        order = torch.randperm(len(x))
        for batch in order.split(64):
            optimizer.zero_grad()
            F.cross_entropy(net(x[batch]), y[batch]).backward()
            optimizer.step()
    return net.eval()


def timed(work):
    begun = time.perf_counter()
    found = work()
    return found, time.perf_counter() - begun


def ours(name, net, x, y):
    folder = pathlib.Path(tempfile.mkdtemp())
    weights = args.weights or folder / "net.pt"
    if not args.weights:
        torch.save(net.state_dict(), weights)
    x.numpy().astype("<f4").tofile(folder / "pixels.f32")
    y.numpy().astype("u1").tofile(folder / "labels.u8")
    command = [args.engine, name, SHAPE[0], SHAPE[1], CLASSES, weights]
    command += [folder / "pixels.f32", folder / "labels.u8", args.top]
    environment = {**os.environ, "RAYON_NUM_THREADS": str(args.threads)}
    output = subprocess.run(
        [str(c) for c in command], check=True, stdout=subprocess.PIPE, text=True, env=environment
    )
    return json.loads(output.stdout)


def curvlinops(net, x, y):
    from curvlinops import HessianLinearOperator, hutchpp_trace
    from scipy.sparse.linalg import eigsh

    parameters = [p for p in net.parameters() if p.requires_grad]
    try:
        hessian = HessianLinearOperator(
            net, nn.CrossEntropyLoss(), parameters, [(x, y)], check_deterministic=False
        )
    except AttributeError:  # newer versions take names
        hessian = HessianLinearOperator(
            net, nn.CrossEntropyLoss(), dict(net.named_parameters()), [(x, y)],
            check_deterministic=False,
        )
    scipy = hessian.to_scipy()
    rng = np.random.default_rng(0)
    start = rng.standard_normal(scipy.shape[0])
    values, seconds = timed(
        lambda: eigsh(scipy, k=args.top, which="LA", tol=1e-4, v0=start, return_eigenvectors=False)
    )
    torch.manual_seed(0)
    trace, trace_seconds = timed(lambda: float(hutchpp_trace(ByColumns(hessian), args.trace_products)))
    return sorted(map(float, values), reverse=True), seconds, trace, trace_seconds


def eigenthings(net, x, y):
    from hessian_eigenthings import HessianOperator, lanczos, supervised_loss

    hessian = HessianOperator(net, [(x, y)], supervised_loss(nn.CrossEntropyLoss()))
    found, seconds = timed(
        lambda: lanczos(
            hessian, k=args.top, max_iter=60, tol=1e-4, reorthogonalize=True, which="LA", seed=0
        )
    )
    return sorted(map(float, found.eigenvalues), reverse=True), seconds, None, None


def pyhessian(net, x, y):
    import pyhessian

    hessian = pyhessian.hessian(net, nn.CrossEntropyLoss(), data=(x, y), cuda=False)
    (values, _), seconds = timed(lambda: hessian.eigenvalues(maxIter=100, tol=1e-3, top_n=args.top))
    return sorted(map(float, values), reverse=True), seconds, None, None


class ByColumns:
    """An operator that is asked for a product at a time: curvlinops asks for all columns at once,
    which takes their number times the memory of one, more than most machines have."""

    def __init__(self, operator):
        self.operator = operator
        self.shape, self.dtype, self.device = operator.shape, operator.dtype, operator.device

    def __matmul__(self, columns):
        return torch.column_stack([self.operator @ column for column in columns.T])


RIVALS = {"curvlinops": curvlinops, "eigenthings": eigenthings, "pyhessian": pyhessian}


def main():
    x, y = digits(args.pictures)
    results = []
    for name in args.nets.split(","):
        net = built(name)
        if args.weights:
            from safetensors.torch import load_file

            state = load_file(args.weights)
            missing, unknown = net.load_state_dict(state, strict=False)
            # Saved runs do not count batches, which no evaluation reads; all else must be there.
            missing = [key for key in missing if not key.endswith("num_batches_tracked")]
            if missing or unknown:
                sys.exit(f"{args.weights}: missing {missing}, unknown {unknown}")
            net.eval()
        else:
            trained(net, x, y)
        with torch.no_grad():
            loss = F.cross_entropy(net(x), y).item()
        mine = ours(name, net, x, y)
        assert abs(mine["loss"] / loss - 1) < 1e-3, f"{name}: losses {mine['loss']} and {loss}"
        print(f"\n{name}: {mine['parameters']} parameters, {len(x)} digits, loss {loss:.5f}")

        def line(who, values, seconds, trace):
            numbers = "  ".join(f"{value:10.4f}" for value in values)
            ratio = f"{seconds / mine['top_seconds']:5.2f} ×" if seconds else ""
            print(f"  {who:<12} {numbers}  trace {trace}  top {seconds:6.2f} s {ratio}", flush=True)

        error = f"{mine['trace']:.1f} ± {mine['trace_standard_error']:.1f}"
        line("basinscope", mine["top"], mine["top_seconds"], error)
        product = (mine["gradient"], mine["product_alone"], mine["product_shared"])
        print("  in evaluations: gradient %.2f, product alone %.2f, shared %.2f" % product)
        record = {"net": name, "loss": loss, "basinscope": mine}
        for rival in args.rivals.split(","):
            with contextlib.redirect_stdout(io.StringIO()):
                values, seconds, trace, trace_seconds = RIVALS[rival](net, x, y)
            line(rival, values, seconds, "–" if trace is None else f"{trace:.1f}")
            record[rival] = {
                "top": values,
                "top_seconds": seconds,
                "trace": trace,
                "trace_seconds": trace_seconds,
            }
        if "curvlinops" in record:
            pairs = list(zip(mine["top"], record["curvlinops"]["top"]))
            worst = max(abs(a / b - 1) for a, b in pairs)
            record["worst_relative_difference"] = worst
            print(f"  worst relative difference from curvlinops: {worst:.1e}")
            if worst > 0.01:
                raise SystemExit(f"{name}: eigenvalues differ by {worst:.1e}: no time counts")
        results.append(record)
        if args.json:
            pathlib.Path(args.json).write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
