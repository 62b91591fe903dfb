"""What an iteration of decoding costs, from a model's shape and a few constants of a machine.

`architectures` holds the shapes of the public models, `work` counts floating point operations and
bytes, `hardware` turns them into seconds, `decoding` adds up a decode, `optimum` looks for the best
W and M, and `serving` simulates many requests at once. `apd.paper.speeds` holds the
predictions against the published throughputs.
"""

from apd.costmodel.architectures import ARCHITECTURES, Architecture
from apd.costmodel.calibration import calibrate
from apd.costmodel.decoding import Workload, iteration_seconds, throughput
from apd.costmodel.hardware import GPUS, Gpu, Machine, transfer
from apd.costmodel.optimum import Choice, best_choice, expected_accepted, speeds
from apd.costmodel.serving import Served, Service, largest_batch, serve
from apd.costmodel.work import Product, forward_flops, forward_seconds, products

__all__ = [
    "ARCHITECTURES",
    "GPUS",
    "Architecture",
    "Choice",
    "Gpu",
    "Machine",
    "Product",
    "Served",
    "Service",
    "Workload",
    "best_choice",
    "calibrate",
    "expected_accepted",
    "forward_flops",
    "forward_seconds",
    "iteration_seconds",
    "largest_batch",
    "products",
    "serve",
    "speeds",
    "throughput",
    "transfer",
]
