"""A step of training whose batch is shared by two: processes in PyTorch, devices in JAX.

What lesson 49 asks of them, in a process of its own:

    python demos/data_parallel.py torch FOLDER
    python demos/data_parallel.py jax FOLDER

In the folder are the exported net, digit_reader_torch.py or digit_reader_jax.py, and
batches.json: batches of inputs and targets, and a learning rate.  What is printed, as
JSON, is the loss of each step by one alone and by two who share the batches.
"""

import json
import os
import sys
import tempfile
from importlib import import_module
from pathlib import Path

TWO = 2


def problem(folder):
    """The batches and the learning rate."""
    sys.path.insert(0, folder)  # where the exported net is
    content = json.loads(Path(folder, "batches.json").read_text("utf-8"))
    return content["batches"], content["lr"]


# PyTorch: a process for each part of the batch, which sees no other.  DistributedDataParallel
# begins with the net of the first process in all of them.  After backward(), .grad holds the
# mean of what all of them have found (all-reduce), so that all take the same step.


def in_torch(folder):
    """The losses of one process, then those of two, which the first of them leaves in a file."""
    import torch

    with tempfile.TemporaryDirectory() as place:
        alone = torch_steps(folder, part=0, parts=1)
        torch.multiprocessing.spawn(one_process, (folder, place), nprocs=TWO)
        return {"alone": alone, "shared": json.loads(Path(place, "losses").read_text("utf-8"))}


def one_process(rank, folder, place):
    """One of the two: it finds the other through a file, and takes its part of each batch."""
    import torch.distributed as dist

    meeting = Path(place, "meeting").as_uri()
    dist.init_process_group("gloo", init_method=meeting, rank=rank, world_size=TWO)
    losses = torch_steps(folder, rank, TWO)
    if rank == 0:
        Path(place, "losses").write_text(json.dumps(losses), "utf-8")
    dist.destroy_process_group()


def torch_steps(folder, part, parts):
    """Train on one of some equal parts of each batch; the losses of whole batches."""
    import torch

    torch.set_num_threads(1)  # in each process, or they take each other's cores
    torch.set_default_dtype(torch.float64)  # the digits of a Python float
    batches, lr = problem(folder)
    model, losses = import_module("digit_reader_torch").Net(), []
    if parts > 1:
        model = torch.nn.parallel.DistributedDataParallel(model)
    optimizer = torch.optim.SGD(model.parameters(), lr)
    for inputs, targets in batches:
        size = len(inputs) // parts
        mine = slice(part * size, (part + 1) * size)
        scores = model(torch.tensor(inputs[mine]))
        loss = torch.nn.functional.cross_entropy(scores, torch.tensor(targets[mine]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total = loss.detach()
        if parts > 1:
            torch.distributed.all_reduce(total)  # adds up; the gradients' mean was taken so, too
        losses.append(total.item() / parts)
    return losses


# JAX: one program, which knows of no parts.  Its arrays know on which devices they lie
# (sharding), and the compiler puts in an all-reduce where the devices need each other.


def in_jax(folder):
    """The losses with all on one device, then with half of each batch on each of two."""
    os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={TWO}"
    import jax

    jax.config.update("jax_enable_x64", True)
    (alone, one), (shared, two) = [jax_steps(folder, jax.devices("cpu")[:n]) for n in (1, TWO)]
    return {"alone": alone, "shared": shared, "all-reduce": [one, two]}


def jax_steps(folder, devices):
    """Train with each batch cut over some devices; the losses, and whether they talk."""
    import jax
    from jax.sharding import Mesh, NamedSharding, PartitionSpec

    batches, lr = problem(folder)
    net = import_module("digit_reader_jax")

    def loss(params, inputs, targets):
        logs = jax.nn.log_softmax(net.f(params, inputs))
        return -jax.numpy.take_along_axis(logs, targets[:, None], axis=1).mean()

    @jax.jit
    def step(params, inputs, targets):
        value, slopes = jax.value_and_grad(loss)(params, inputs, targets)
        return value, jax.tree.map(lambda p, g: p - lr * g, params, slopes)

    mesh = Mesh(devices, "batch")
    cut, whole = NamedSharding(mesh, PartitionSpec("batch")), NamedSharding(mesh, PartitionSpec())
    params, losses = jax.device_put(net.PARAMETERS, whole), []
    for inputs, targets in batches:
        batch = [jax.device_put(jax.numpy.array(rows), cut) for rows in (inputs, targets)]
        value, params = step(params, *batch)
        losses.append(float(value))
    return losses, "all-reduce" in step.lower(params, *batch).compile().as_text()


if __name__ == "__main__":
    _, package, where = sys.argv
    try:
        print(json.dumps({"torch": in_torch, "jax": in_jax}[package](where)))
    except ImportError:
        name = {"torch": "PyTorch", "jax": "JAX"}[package]
        sys.exit(f"{name} is not installed here: pip install {package}")
