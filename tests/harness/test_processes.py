"""Two processes share an evaluation through accelerate and give the rows of one."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

from tiny_data import tiny_data_directory

from apd.harness.data_parallel import join_processes

PROGRAM = """
import json, sys
import lm_eval, torch
from apd.harness.data_parallel import join_processes
from apd.harness import task_manager
torch.set_num_threads(1)
results = lm_eval.simple_evaluate(
    model="apd", model_args="max_new_tokens=6,seed=1", device="cpu", limit=5, bootstrap_iters=0,
    tasks=["mini_gsm", "mini_gpqa_multiple_choice"], apply_chat_template=True,
    task_manager=task_manager(include_defaults=False),
)
if results is not None:
    rows = {
        name: sorted([s["doc_id"], s["filtered_resps"]] for s in samples)
        for name, samples in results["samples"].items()
    }
    metrics = {
        name: {k: v for k, v in found.items() if isinstance(v, float)}
        for name, found in results["results"].items()
    }
    json.dump([rows, metrics], open(sys.argv[1], "w"))
"""


def start(output: Path, rank: int, world_size: int, port: int) -> subprocess.Popen:
    """A process as `accelerate launch --cpu` starts it."""
    environment = os.environ | {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(world_size),
        "LOCAL_WORLD_SIZE": str(world_size),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "ACCELERATE_USE_CPU": "true",
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(output)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def rows_of(directory: Path, world_size: int) -> list:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    outputs = [directory / f"{world_size}-{rank}.json" for rank in range(world_size)]
    running = [start(path, rank, world_size, port) for rank, path in enumerate(outputs)]
    errors = [process.communicate(timeout=600)[1] for process in running]
    assert [process.returncode for process in running] == [0] * world_size, errors
    assert [path.is_file() for path in outputs] == [True] + [False] * (world_size - 1)
    return json.loads(outputs[0].read_text())


def test_two_processes_give_the_rows_of_one(tmp_path: Path) -> None:
    with tiny_data_directory(tmp_path / "data"):
        (rows, metrics), (own_rows, own_metrics) = rows_of(tmp_path, 2), rows_of(tmp_path, 1)
    assert [row[0] for row in rows["mini_gsm"]] == [0, 1, 2, 3, 4]
    assert rows["mini_gsm"] == own_rows["mini_gsm"]
    assert metrics == own_metrics
    choices = "mini_gpqa_multiple_choice"
    for shared, alone in zip(rows[choices], own_rows[choices], strict=True):
        assert shared == alone


def test_lm_evals_default_device_means_the_cpu_where_there_is_no_gpu(monkeypatch, caplog):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert join_processes("cuda:0").device == "cpu"
    assert "no GPU here" in caplog.text
    assert join_processes(None).device is None
