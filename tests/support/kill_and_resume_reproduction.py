"""Reproduce the toy artefacts in processes that are killed at random moments, until one ends.

``python kill_and_resume_reproduction.py DIRECTORY SEED KILLS`` prints how many were killed. A child
is killed with SIGKILL, wherever it is, without a chance to clean up.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

import torch
from reproduction_toys import run_toys


def main(directory: Path, seed: int, kills: int) -> int:
    torch.set_num_threads(1)
    rng, killed, patience = random.Random(seed), 0, 0.02
    while True:
        child = os.fork()
        if child == 0:
            run_toys(directory)
            os._exit(0)
        if killed < kills:
            time.sleep(rng.uniform(0.001, patience))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if status == 0:
            return killed
        assert os.WTERMSIG(status) == signal.SIGKILL, status
        killed, patience = killed + 1, patience * 1.15


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
