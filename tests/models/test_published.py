"""Every registered checkpoint at its full size: each tensor's name and shape, and their number."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from public_layouts import CONFIGS, PARAMETERS, stored_shapes, write_full_size
from transformers import AutoModelForCausalLM

from apd.errors import ApdError
from apd.models.capacity import check_room, weight_bytes
from apd.models.causal import read_causal_config
from apd.models.dream import DreamConfig
from apd.models.families import FAMILIES, load_bidirectional
from apd.models.llada import LladaConfig
from apd.models.llada_format import read_llada_config, write_llada_config
from apd.models.qwen2_format import read_qwen2_config, write_qwen2_config
from apd.models.registry import PAIRS

SOURCE = Path("published")
DRAFTERS = {spec.dllm: spec for spec in PAIRS.values() if "/" in spec.dllm}
READ = sorted({n for s in PAIRS.values() for n in (s.verifier, *s.baselines) if n and "/" in n})


def count(shapes: dict[str, tuple[int, ...]]) -> int:
    return sum(torch.Size(shape).numel() for shape in shapes.values())


def test_every_registered_checkpoint_has_a_published_configuration():
    assert CONFIGS.keys() == {*DRAFTERS, *READ}


@pytest.mark.parametrize("name", DRAFTERS)
def test_a_dllm_at_full_size(tmp_path: Path, name: str):
    """It loads, from a file that is a hole: no tensor missing, none unexpected, every shape right.

    Its numbers stay in the file, mapped into memory: the host never holds them.
    """
    directory = write_full_size(tmp_path, name, shards=4)
    model = load_bidirectional(directory, shifted=DRAFTERS[name].shifted)
    parameters = dict(model.named_parameters())
    assert sum(p.numel() for p in parameters.values()) == PARAMETERS[name]
    stored = stored_shapes(name, CONFIGS[name])
    to_parameter = FAMILIES[CONFIGS[name]["model_type"]].to_parameter
    shapes = {to_parameter(stored_name): shape for stored_name, shape in stored.items()}
    if model.config.tie_word_embeddings:
        shapes.pop("lm_head.weight", None)  # stored twice, one matrix
    assert {n: tuple(p.shape) for n, p in parameters.items()} == shapes
    assert model.dtype == torch.bfloat16


@pytest.mark.parametrize("name", READ)
def test_a_causal_model_at_full_size(tmp_path: Path, name: str):
    directory = write_full_size(tmp_path, name)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(read_causal_config(directory))
    assert sum(p.numel() for p in model.parameters()) == PARAMETERS[name]
    stored = stored_shapes(name, CONFIGS[name])
    prefix = "transformer." if name.startswith("openai-community/") else ""
    wanted = {n: tuple(p.shape) for n, p in model.named_parameters()}
    assert {prefix + n: shape for n, shape in stored.items()} == wanted


@pytest.mark.parametrize("name", PAIRS)
def test_the_registry_counts_what_the_files_hold(name: str):
    spec = PAIRS[name]
    if "/" in spec.dllm:
        models = [m for m in (spec.dllm, spec.verifier) if m]
        assert spec.parameters == tuple(PARAMETERS[m] for m in models)


def test_dreams_config_is_written_as_published():
    config = read_qwen2_config(DreamConfig, CONFIGS["Dream-org/Dream-v0-Instruct-7B"], SOURCE)
    assert config.mask_token_id == 151666
    assert config.rope_parameters == {"rope_type": "default", "rope_theta": 1e6}
    published = CONFIGS["Dream-org/Dream-v0-Instruct-7B"]
    written = write_qwen2_config(config, architecture="DreamModel")
    absent = {"auto_map", "torch_dtype", "use_mrope"}
    same = published.keys() - absent
    assert {name: written[name] for name in same} == {name: published[name] for name in same}


def test_lladas_config_is_written_as_published():
    published = CONFIGS["GSAI-ML/LLaDA-8B-Instruct"]
    written = write_llada_config(read_llada_config(LladaConfig, published, SOURCE))
    other = {"auto_map", "torch_dtype", "init_cutoff_factor", "init_device", "init_fn"}
    other |= {"precision", "mlp_ratio", "bos_token_id"}
    same = published.keys() - other
    assert {name: written[name] for name in same} == {name: published[name] for name in same}


def test_what_a_checkpoint_needs_is_known_before_it_is_loaded(tmp_path: Path, monkeypatch):
    dream = write_full_size(tmp_path / "dream", "Dream-org/Dream-v0-Instruct-7B", shards=4)
    qwen = write_full_size(tmp_path / "qwen", "Qwen/Qwen2.5-0.5B")
    assert weight_bytes(dream, torch.bfloat16) == 2 * 7_615_616_512
    assert weight_bytes(dream, None) == 2 * 7_615_616_512
    assert weight_bytes(dream, torch.float32) == 4 * 7_615_616_512
    monkeypatch.setattr("apd.models.capacity.free_bytes", lambda _: 11 * 2**30)
    with pytest.raises(ApdError) as raised:
        check_room([dream, qwen], torch.device("cuda:0"), torch.bfloat16)
    assert str(raised.value) == (
        "dream and qwen: needs 15.1 GiB, 11.0 free on cuda:0: use --quantize int8 or a smaller "
        "pair (`apd models`)"
    )
    check_room([dream, qwen], torch.device("cuda:0"), torch.bfloat16, "int8")
    with pytest.raises(ApdError, match="use --dtype bfloat16 or --quantize int8 or"):
        check_room([dream, qwen], torch.device("cpu"), torch.float32)


LOAD = """
import resource, sys
from pathlib import Path
import torch
from apd.models.families import load_bidirectional
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = peak()
model = load_bidirectional(Path(sys.argv[1]), dtype=torch.float32)
print(peak() - before, sum(p.nbytes for p in model.parameters()))
"""


def test_loading_holds_the_model_and_no_more_than_a_shard(tmp_path: Path):
    """Peak of the process while 124M bfloat16 numbers in four files become float32."""
    name = "diffusionfamily/diffugpt-s"
    directory = write_full_size(tmp_path, name, shards=4, without=["lm_head.weight"])
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(directory)], capture_output=True, text=True, check=True
    )
    grown, model = map(int, done.stdout.split())
    shard = max(path.stat().st_size for path in directory.glob("model-*.safetensors"))
    assert model == 4 * PARAMETERS[name]
    assert grown < model + shard
