"""Run the toy experiment in processes that are killed at random moments, until one gets through.

``python kill_and_resume.py DIRECTORY SEED [stride]`` prints how many were killed; with `stride` it
runs the decoder that the package does not know. A child is killed by the
kernel (the default action of SIGALRM), wherever it is, without a chance to clean up.
"""

import os
import random
import signal
import sys
from pathlib import Path

import torch
from experiment_toys import APD, MODELS, SAMPLING, ToyPair, toy_experiment, toy_task
from toy_decoder import STRIDE

from apd.decoding.configuration import configure
from apd.decoding.registry import register
from apd.runs.grid import Experiment, over_tasks
from apd.runs.run import run_experiment


def stride_experiment() -> Experiment:
    """The toy decoder beside APD."""
    register(STRIDE)
    cells = over_tasks(("odd",), (APD, configure("stride", {"stride": 3, **SAMPLING})))
    return Experiment(artefact="toys", pair="mini-toy", cells=cells)


def main(directory: Path, seed: int, experiment: Experiment) -> int:
    torch.set_num_threads(1)
    rng, killed, patience = random.Random(seed), 0, 0.02
    while True:
        child = os.fork()
        if child == 0:
            if killed < 20:
                signal.setitimer(signal.ITIMER_REAL, rng.uniform(0.001, patience))
            run_experiment(experiment, ToyPair(), MODELS, directory, task_loader=toy_task)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status == 0:
            return killed
        assert os.WTERMSIG(status) == signal.SIGALRM, status
        killed, patience = killed + 1, patience * 1.2
        rng.random()  # the children's draws differ


if __name__ == "__main__":
    chosen = stride_experiment() if sys.argv[3:] == ["stride"] else toy_experiment()
    print(main(Path(sys.argv[1]), int(sys.argv[2]), chosen))
