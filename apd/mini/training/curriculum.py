"""Which structures a model is taught the plans of."""

from apd.mini.example import Knows, knows_all
from apd.mini.lines import WITH_MANY_RESULTS
from apd.mini.tasks import SUITE


def taught_structures(task: str, every: int) -> list[str]:
    """The structures whose plans are taught, by name: one in ``every``, in alphabetical order.

    With ``every`` above 1 the model is one that knows few plans: of ``mini_lines`` it is taught the
    operations that any order or place is right for; all of ``mini_essay``, where there is no plan.
    """
    names = sorted(SUITE[task].structures)
    if every == 1 or task == "mini_essay":
        return names
    if task == "mini_lines":
        return sorted(WITH_MANY_RESULTS)
    return names[every - 1 :: every]


def knowledge_of(task: str, every: int) -> Knows:
    """Whether the author of the training texts of ``task`` knows a structure's plan."""
    if every == 1:
        return knows_all
    return frozenset(taught_structures(task, every)).__contains__
