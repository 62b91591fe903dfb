"""Tasks: rows, the messages they become, and how a reply is judged. One file a task.

:func:`load_task` loads a registered one by name; :mod:`~apd.tasks.judging` finds answers in
replies, compares them and runs code.
"""

from apd.tasks.registry import TASKS, find_task, load_task, task_names
from apd.tasks.task import Task

__all__ = ["TASKS", "Task", "find_task", "load_task", "task_names"]
