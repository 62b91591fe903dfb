"""HumanEval, zero-shot with the paper's system prompt; messages are lm-eval's.

The assistant's message begins with the prompt, which the reply continues.
"""

from apd.tasks.judging.programs import CONTINUED_PROGRAM
from apd.tasks.rows import HubRows
from apd.tasks.system_messages import HELPFUL
from apd.tasks.task import ACCURACY, Task

_COLUMNS = ("task_id", "prompt", "canonical_solution", "test", "entry_point")
HUMANEVAL = Task(
    name="humaneval_instruct",
    source=HubRows("openai/openai_humaneval", "openai_humaneval", "test", _COLUMNS),
    system=HELPFUL,
    user=lambda row: (
        "Write a solution to the following problem and make sure that it passes the tests:\n"
        f"```python\n{row['prompt']}\n```\n"
    ),
    prefix=lambda row: f"Here is the completed function:\n```python\n{row['prompt']}\n",
    judges={ACCURACY: CONTINUED_PROGRAM},
    runs_code=True,
    stops=("\nclass", "\ndef", "\n#", "\nif", "\nprint"),
    max_new_tokens=256,
)
