"""Tasks: rows, the messages they become, and how a reply is judged.

:mod:`~apd.tasks.task` loads a task by name, :mod:`~apd.tasks.judging` finds answers in replies,
compares them and runs code.
"""
