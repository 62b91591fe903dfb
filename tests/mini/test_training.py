"""Training pieces: masking, losses, schedule, and resuming to the same weights."""

import random
import re
from dataclasses import asdict, replace

import pytest
import torch

from apd.errors import ApdError
from apd.mini.tasks import TRAIN_SHARES
from apd.mini.tokenizer import train_tokenizer
from apd.mini.training.batches import ANSWER_LENGTH, BATCHES_A_CHUNK, training_batch
from apd.mini.training.examples import StepInputs, hard_token_ids, inputs_from, inputs_of_step
from apd.mini.training.export import export, read_manifest, sha256_of
from apd.mini.training.loop import learning_rate_factor, loss_of, train
from apd.mini.training.networks import build_network, hidden_states, start_from
from apd.mini.training.objectives import autoregressive_targets, masked_targets
from apd.mini.training.recall import RECALL, REPEAT, sample_recall
from apd.mini.training.recipes import RECIPES, Architecture, MaskingRecipe

TINY = Architecture(hidden_size=16, layers=2, heads=2, kv_heads=1, mlp_size=32)
NO_CHOICES = torch.tensor([], dtype=torch.long)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer()


def tiny(name, **changes):
    defaults = {"architecture": TINY, "steps": 6, "batch_size": 4, "decay_steps": 3}
    return replace(RECIPES[name], **{**defaults, **changes})


def test_batches_are_a_function_of_seed_and_step(tokenizer):
    one, two = (training_batch(tokenizer, TRAIN_SHARES, 3, 5, 8, windows=True) for _ in range(2))
    assert torch.equal(one.tokens, two.tokens)
    assert not torch.equal(
        one.response_start,
        training_batch(tokenizer, TRAIN_SHARES, 3, 6, 8, windows=True).response_start,
    )


def test_responses_end_with_the_turn_and_are_filled_with_end_of_text(tokenizer):
    batch = training_batch(tokenizer, TRAIN_SHARES, 3, 0, 8, windows=True)
    for row, start, end in zip(batch.tokens, batch.response_start, batch.response_end, strict=True):
        assert row[end - 1] == tokenizer.convert_tokens_to_ids("<|im_end|>")
        assert (row[end:] == tokenizer.convert_tokens_to_ids("<|endoftext|>")).all()
        assert tokenizer.decode(row[:start]).endswith("<|im_start|>assistant\n")


def test_some_windows_are_long_and_most_end_near_the_answer(tokenizer):
    spare = torch.tensor(
        [
            int(b.tokens.shape[1] - b.response_end.max())
            for b in (
                training_batch(tokenizer, TRAIN_SHARES, 1, s, 4, windows=True)
                for s in range(0, 400, 8)
            )
        ]
    )
    assert (spare < 48).float().mean() > 0.5
    assert spare.max() > ANSWER_LENGTH / 2


def test_some_windows_are_cut_before_the_answer_ends(tokenizer):
    end_of_turn = tokenizer.convert_tokens_to_ids("<|im_end|>")
    batches = [training_batch(tokenizer, TRAIN_SHARES, 1, s, 4, windows=True) for s in range(200)]
    cut = [b for b in batches if (b.tokens[range(4), b.response_end - 1] != end_of_turn).any()]
    assert 5 < len(cut) < 50
    for batch in cut:
        assert (batch.response_end <= batch.tokens.shape[1]).all()
        assert (batch.response_end - batch.response_start > 8).all()


def test_suffix_masks_hide_everything_from_the_frontier_on(tokenizer):
    batch = training_batch(tokenizer, TRAIN_SHARES, 3, 0, 64, windows=True)
    recipe = MaskingRecipe(suffix_share=1.0)
    generator = torch.Generator().manual_seed(0)
    hard = hard_token_ids(tokenizer)
    inputs, weights = masked_targets(batch, 3, hard, recipe, generator, NO_CHOICES)
    masked = inputs == 3
    frontier = masked.int().argmax(1)
    position = torch.arange(inputs.shape[1])
    assert torch.equal(masked, position >= frontier[:, None])
    assert (frontier >= batch.response_start).all() and (frontier <= batch.response_end).all()
    inside = frontier < batch.response_end
    assert torch.allclose(weights[inside, frontier[inside]], torch.ones(int(inside.sum())))
    at_hard = torch.isin(batch.tokens[inside, frontier[inside]], hard_token_ids(tokenizer))
    assert at_hard.float().mean() > 0.4


def test_answers_to_multiple_choice_can_be_masked_from_the_choice_on(tokenizer):
    batch = training_batch(tokenizer, {"mini_gpqa": 1.0}, 3, 0, 32, windows=True)
    choices = torch.tensor([tokenizer(f" ({c})")["input_ids"][0] for c in "ABCD"])
    recipe = MaskingRecipe(suffix_share=1.0, choice_share=1.0)
    generator = torch.Generator().manual_seed(0)
    hard = hard_token_ids(tokenizer)
    inputs, _ = masked_targets(batch, 3, hard, recipe, generator, choices)
    frontier = (inputs == 3).int().argmax(1)
    in_answer = torch.arange(inputs.shape[1]) >= batch.response_start[:, None]
    asked = (torch.isin(batch.tokens, choices) & in_answer).any(1)
    assert asked.sum() > 20  # the others' windows are cut before it
    assert torch.isin(batch.tokens[asked, frontier[asked]], choices).all()


def test_random_masks_leave_right_context_and_never_touch_the_prompt(tokenizer):
    batch = training_batch(tokenizer, TRAIN_SHARES, 3, 0, 64, windows=True)
    generator = torch.Generator().manual_seed(0)
    recipe, hard = MaskingRecipe(suffix_share=0.0), hard_token_ids(tokenizer)
    inputs, weights = masked_targets(batch, 3, hard, recipe, generator, NO_CHOICES)
    masked = inputs == 3
    before = torch.arange(inputs.shape[1]) < batch.response_start[:, None]
    assert not (masked & before).any()
    assert ((weights > 0) == masked).all()
    falls = (masked[:, :-1] & ~masked[:, 1:]).any(1)
    assert falls.float().mean() > 0.8


@pytest.mark.parametrize("name", ["mini-qwen-small", "mini-dream", "mini-llada"])
def test_every_state_is_scored_on_the_token_it_predicts(tokenizer, name):
    recipe = tiny(name, taught_every=1)
    step = inputs_of_step(recipe, tokenizer, hard_token_ids(tokenizer), 3)
    batch = training_batch(
        tokenizer, recipe.shares_at(3), recipe.seed, 3, recipe.batch_size, bool(recipe.masking)
    )
    shift = 0 if name == "mini-llada" else 1
    row, column = step.states // step.inputs.shape[1], step.states % step.inputs.shape[1] + shift
    assert torch.equal(step.targets, batch.tokens[row, column])
    assert (step.weights > 0).all() and (column >= batch.response_start[row]).all()
    hidden = step.inputs[row, column] == tokenizer.convert_tokens_to_ids("<|mask|>")
    assert hidden.all() == (recipe.masking is not None)


def test_the_loss_is_the_weighted_mean_over_the_states_that_count():
    torch.manual_seed(0)
    hidden, network = torch.randn(2, 5, 8), torch.nn.ModuleDict({"lm_head": torch.nn.Linear(8, 7)})
    step = StepInputs(
        torch.zeros(2, 5), torch.tensor([3, 6]), torch.tensor([4, 2]), torch.tensor([1.0, 3.0])
    )
    with torch.autocast("cpu", torch.bfloat16):
        logp = network["lm_head"](hidden).float().log_softmax(-1)
    expected = -(logp[0, 3, 4] + 3 * logp[1, 1, 2]) / 4
    assert loss_of(network, lambda _: hidden, step, CPU).item() == pytest.approx(
        expected.item(), rel=1e-5
    )


@pytest.mark.parametrize("workers", [0, 2])
def test_workers_draw_what_the_trainer_would_draw_and_from_any_step(tokenizer, workers):
    recipe = tiny("mini-dream", steps=19)
    drawn = list(inputs_from(5, recipe, tokenizer, workers, pinned=False))
    assert len(drawn) == 14
    hard = hard_token_ids(tokenizer)
    for step, inputs in enumerate(drawn, start=5):
        expected = inputs_of_step(recipe, tokenizer, hard, step)
        assert torch.equal(inputs.inputs, expected.inputs)
        assert torch.equal(inputs.weights, expected.weights)


def test_autoregressive_weights_cover_exactly_the_response(tokenizer):
    batch = training_batch(tokenizer, TRAIN_SHARES, 3, 0, 8, windows=False)
    _, weights = autoregressive_targets(batch)
    assert torch.equal(weights.sum(1).long(), batch.response_end - batch.response_start)


def test_the_schedule_rises_stays_and_falls():
    recipe = tiny("mini-dream", steps=1000, decay_steps=400, warmup_steps=100)
    factors = [learning_rate_factor(s, recipe) for s in range(1000)]
    assert factors[0] == pytest.approx(0.01) and factors[100:600] == [1.0] * 500
    assert factors[800] == pytest.approx(0.5) and factors[-1] == pytest.approx(1 / 400)


@pytest.mark.parametrize("name", ["mini-qwen-large", "mini-dream", "mini-llada"])
def test_attention_looks_where_the_family_looks(tokenizer, name):
    network = build_network(tiny(name), tokenizer).eval()
    ids = torch.randint(4, len(tokenizer), (1, 12))
    changed = ids.clone()
    changed[0, 9] = (changed[0, 9] + 1 - 4) % (len(tokenizer) - 4) + 4
    with torch.no_grad():
        difference = (hidden_states(network, ids) - hidden_states(network, changed)).abs().sum(-1)
    sees_right = bool((difference[0, :9] > 0).any())
    assert sees_right == (name != "mini-qwen-large")


def test_a_killed_run_resumes_to_the_same_weights(tokenizer, tmp_path, monkeypatch):
    import apd.mini.training.loop as loop

    monkeypatch.setattr(loop, "SAVE_EVERY", 2)
    monkeypatch.setattr(loop, "READ_EVERY", 1)
    recipe = tiny("mini-dream", init=None)
    straight = build_network(recipe, tokenizer)
    train(
        straight, recipe, tokenizer, tmp_path / "a.pt", lambda *_: None, device=CPU, compiled=False
    )

    class Killed(Exception):
        pass

    def kill_at_three(step, _):
        if step == 3:
            raise Killed

    broken = build_network(recipe, tokenizer)
    with pytest.raises(Killed):
        train(
            broken, recipe, tokenizer, tmp_path / "b.pt", kill_at_three, device=CPU, compiled=False
        )
    resumed = build_network(recipe, tokenizer)
    statistics = train(
        resumed, recipe, tokenizer, tmp_path / "b.pt", lambda *_: None, device=CPU, compiled=False
    )
    assert statistics["steps"] == recipe.steps and statistics["tokens_seen"] > 0
    for a, b in zip(straight.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_state_of_another_recipe_is_refused(tokenizer, tmp_path):
    recipe = tiny("mini-qwen-small", steps=1)
    path = tmp_path / "state.pt"
    train(build_network(recipe, tokenizer), recipe, tokenizer, path, lambda *_: None, device=CPU,
          compiled=False)  # fmt: skip
    other = replace(recipe, matrix_lr=1.0)
    with pytest.raises(ApdError, match="another recipe"):
        train(build_network(other, tokenizer), other, tokenizer, path, lambda *_: None, device=CPU)


def test_the_diffusion_models_start_from_the_autoregressive_weights(tokenizer):
    source = build_network(tiny("mini-qwen-large"), tokenizer)
    dream, llada = (build_network(tiny(n), tokenizer) for n in ("mini-dream", "mini-llada"))
    assert start_from(dream, source) == []
    left_out = start_from(llada, source)
    assert left_out and all(name.endswith("_proj.bias") for name in left_out)
    assert torch.equal(dream.lm_head.weight, source.lm_head.weight)


def test_export_writes_checkpoint_card_and_manifest(tokenizer, tmp_path):
    statistics = {
        "steps": 1, "tokens_seen": 10, "final_loss": 0.5, "training_seconds": 1, "machine": "loom",
    }  # fmt: skip
    shipped = [recipe.name for recipe in RECIPES.values() if recipe.ships]
    for name in shipped:
        recipe = tiny(name)
        before = [{"recipe": asdict(RECIPES[recipe.init]), **statistics, "machine": "spindle"}]
        directory = export(
            build_network(recipe, tokenizer), recipe, statistics, before, tokenizer, tmp_path
        )
        entry = read_manifest(tmp_path)[name]
        assert entry["sha256"] == sha256_of(directory / "model.safetensors")
        assert entry["recipe"]["seed"] == recipe.seed and "sha256" not in entry["recipe"]
        card = (directory / "README.md").read_text()
        assert name in card and entry["sha256"] in card
        assert "loom" in card and "spindle" in card and f"`{recipe.init}`" in card
        assert ("| `mini_math` | composition" in card) == (name == "mini-qwen-small")
        assert (directory / "tokenizer.json").is_file()
    assert set(read_manifest(tmp_path)) == set(shipped)


def test_every_recipe_goes_on_from_one_that_comes_before_it():
    seen = set()
    for recipe in RECIPES.values():
        assert recipe.init is None or recipe.init in seen
        assert recipe.ships or any(other.init == recipe.name for other in RECIPES.values())
        seen.add(recipe.name)


def test_copying_comes_first_and_then_the_suite():
    recipe = RECIPES["mini-qwen-large-start"]
    lengths = [steps for steps, _ in recipe.opening]
    assert all(steps % BATCHES_A_CHUNK == 0 for steps in lengths)
    assert [set(recipe.shares_at(s)) for s in (0, lengths[0], sum(lengths) - 1)] == [
        {REPEAT},
        {RECALL},
        {RECALL},
    ]
    later = recipe.shares_at(sum(lengths))
    assert set(later) == {RECALL, *TRAIN_SHARES} and sum(later.values()) == pytest.approx(1)
    assert RECIPES["mini-dream-second"].shares_at(0) == TRAIN_SHARES


@pytest.mark.parametrize("name", [REPEAT, RECALL])
def test_exercises_in_copying_use_only_what_they_show(name):
    rng = random.Random(3)
    for _ in range(200):
        example = sample_recall(name, rng)
        shown = set(re.findall(r"\w+", example.prompt))
        links = {"belong", "to", "of"}
        assert set(re.findall(r"\w+", example.response)) <= shown | links


def test_a_batch_of_exercises_is_a_batch(tokenizer):
    batch = training_batch(tokenizer, {REPEAT: 1.0}, 1, 0, 4, windows=False)
    text = tokenizer.decode(batch.tokens[0, : batch.response_end[0]])
    asked, answered = text.split("Write this again: ")[1].split(
        "<|im_end|>\n<|im_start|>assistant\n"
    )
    assert answered == f"{asked}<|im_end|>"
