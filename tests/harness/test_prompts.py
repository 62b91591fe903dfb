"""The prompts of the public four, character for character, and against lm-eval's own tasks."""

from pathlib import Path
from types import SimpleNamespace

import lm_eval.tasks
import pytest
from lm_eval.api.task import ConfigurableTask
from lm_eval.tasks._yaml_loader import load_yaml
from tiny_checkpoints import tiny_tokenizer
from tiny_data import DATASETS

from apd.harness import TASKS_DIR, task_manager
from apd.harness.chat_tokenizer import ChatTokenizer
from apd.harness.task_functions import as_datasets
from apd.models.pairs import Pair
from apd.tasks import TASKS, load_task

GOLDEN = Path(__file__).parents[1] / "fixtures" / "prompts"
STOCK = Path(lm_eval.tasks.__file__).parent
MINI = [name for name, task in TASKS.items() if task.generator]
PUBLIC = ("gsm8k", "gpqa_main_generative_n_shot", "hendrycks_math_algebra", "humaneval_instruct")
STOCK_FILES = {
    "gsm8k": "gsm8k/gsm8k.yaml",
    "gpqa_main_generative_n_shot": "gpqa/generative/gpqa_main_generative_n_shot.yaml",
    "hendrycks_math_algebra": "hendrycks_math/hendrycks_math_algebra.yaml",
    "humaneval_instruct": "humaneval/humaneval_instruct.yaml",
}
HELPFUL = "You are a helpful assistant."
REASONED = (
    f"{HELPFUL} Justify your final answer by first explaining your step-by-step derivation or "
    "reasoning. Conclude by presenting the final answer in the format: "
)
SYSTEM = {
    "gsm8k": HELPFUL,
    "gpqa_main_generative_n_shot": f"{REASONED}(LETTER).",
    "hendrycks_math_algebra": f"{REASONED}boxed{{ANSWER}}.",
    "humaneval_instruct": HELPFUL,
}
LLADA_TEMPLATE = (
    "{% for message in messages %}{% set content = '<|start_header_id|>' + message['role'] + "
    "'<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' %}"
    "{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}"
    "{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)


class Chat(ChatTokenizer):
    """The chat template of Dream and Qwen, or of LLaDA."""

    def __init__(self, family: str) -> None:
        self.tokenizer = tiny_tokenizer()
        if family == "llada":
            self.tokenizer.chat_template = LLADA_TEMPLATE
            self.tokenizer.bos_token = "<|startoftext|>"


@pytest.fixture(scope="module")
def tasks():
    names = [*PUBLIC, *MINI]
    return task_manager(DATASETS, include_defaults=False).load(names)["tasks"]


def prompt_of(task: ConfigurableTask, row: int, chat: ChatTokenizer, system=None) -> str:
    doc = task.eval_docs[row]
    return task.fewshot_context(
        doc,
        0,
        system_instruction=system,
        apply_chat_template=True,
        chat_template=chat.apply_chat_template,
        gen_prefix=task.doc_to_prefix(doc),
    )


@pytest.mark.parametrize("family", ["chatml", "llada"])
@pytest.mark.parametrize("name", PUBLIC)
def test_prompts_are_what_the_paper_s_settings_give(tasks, name: str, family: str) -> None:
    chat, golden = Chat(family), GOLDEN / f"{name}.{family}.txt"
    prompt = prompt_of(tasks[name], 0, chat)
    assert prompt == golden.read_text(encoding="utf-8")
    task = load_task(name, DATASETS)
    pair = Pair(
        name="tiny",
        dllm=SimpleNamespace(device="cpu"),
        verifier=None,
        baselines={},
        tokenizer=chat.tokenizer,
    )
    expected = chat.tokenizer(prompt, add_special_tokens=False)["input_ids"]
    assert task.prompt_ids(pair, 0).tolist() == chat.tok_encode(prompt) == expected


@pytest.mark.parametrize("name", PUBLIC)
def test_prompts_are_lm_eval_s_own_under_the_paper_s_system_prompts(tasks, name: str) -> None:
    ours, chat = tasks[name], Chat("chatml")
    config = load_yaml(STOCK / STOCK_FILES[name], resolve_func=False)
    source = load_yaml(TASKS_DIR / f"{name}.yaml", resolve_func=False)["dataset_kwargs"]["source"]
    for key in ("process_docs", "process_results", "dataset_path", "dataset_name", "filter_list"):
        config.pop(key, None)
    config["metric_list"] = [{"metric": "bypass", "aggregation": "bypass"}]
    config["custom_dataset"] = lambda **_: as_datasets(source, str(DATASETS))
    config |= {"num_fewshot": 0, "training_split": None, "fewshot_split": None, "metadata": {}}
    config |= {"validation_split": None, "test_split": "test"}
    stock = ConfigurableTask(config=config)
    assert len(stock.eval_docs) == len(ours.eval_docs) > 1
    for row in range(len(ours.eval_docs)):
        expected = prompt_of(stock, row, chat, system=SYSTEM[name])
        assert prompt_of(ours, row, chat) == expected
    assert ours.config.generation_kwargs["until"] == stock.config.generation_kwargs["until"]


def test_lengths_are_the_paper_s() -> None:
    lengths = {name: TASKS[name].max_new_tokens for name in PUBLIC}
    assert lengths.pop("hendrycks_math_algebra") == 512
    assert set(lengths.values()) == {256}


def test_the_order_of_choices_is_the_question_s_own() -> None:
    first, again = (load_task("gpqa_main_generative_n_shot", DATASETS) for _ in range(2))
    assert first.rows == again.rows
    for row in first.rows:
        assert sorted(row["choices"]) == sorted(
            {row["choice1"], row["choice2"], row["choice3"], row["choice4"]}
        )
        assert row["choices"]["ABCD".index(row["answer"][1])] == row["Correct Answer"].strip()
    assert "bicyclo[1.1.1]pentane" in first.user(first.rows[1])


@pytest.mark.parametrize("name", PUBLIC)
def test_lm_eval_stops_replies_where_our_experiments_do(tasks, name: str) -> None:
    settings = tasks[name].config.generation_kwargs
    assert tuple(settings["until"]) == TASKS[name].stops
    assert settings["max_gen_toks"] == TASKS[name].max_new_tokens


@pytest.mark.parametrize("name", MINI)
def test_mini_tasks_show_the_messages_that_the_models_were_trained_on(tasks, name: str) -> None:
    task, ours = tasks[name], load_task(name)
    messages = [
        {"role": "system", "content": ours.system},
        {"role": "user", "content": ours.user(ours.rows[0])},
    ]
    chat = Chat("chatml")
    assert prompt_of(task, 0, chat) == chat.apply_chat_template(messages)


def test_names_shared_with_lm_eval_mean_our_tasks() -> None:
    from lm_eval.tasks import TaskManager

    folders = [STOCK / f for f in ("gsm8k", "gpqa/generative", "hendrycks_math", "humaneval")]
    manager = TaskManager(include_defaults=False, include_path=[*folders, TASKS_DIR])
    for path in TASKS_DIR.glob("*.yaml"):
        assert manager.task_index[path.stem].yaml_path == path
    assert manager.task_index["gsm8k_cot"].yaml_path.parent == STOCK / "gsm8k"
