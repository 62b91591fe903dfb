"""GSM8K, zero-shot with the paper's system prompt; user message and answer are lm-eval's."""

from apd.tasks.judging.numbers import LAST_NUMBER
from apd.tasks.rows import HubRows
from apd.tasks.system_messages import HELPFUL
from apd.tasks.task import ACCURACY, Task

GSM8K = Task(
    name="gsm8k",
    source=HubRows("openai/gsm8k", "main", "test", ("question", "answer")),
    system=HELPFUL,
    user=lambda row: f"Question: {row['question']}\nAnswer:",
    judges={ACCURACY: LAST_NUMBER},
    stops=("Question:", "</s>", "<|im_end|>"),
    max_new_tokens=256,
)
