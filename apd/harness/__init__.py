"""This package's decoders and benchmarks for lm-eval, the Language Model Evaluation Harness.

Importing this package registers the models of :func:`model_names` with lm-eval, where that is
installed::

    import lm_eval
    from apd.harness import task_manager

    lm_eval.simple_evaluate(
        model="apd",
        model_args="pair=mini,mixture_weight=0.5",
        tasks=["mini_gsm"],
        task_manager=task_manager(),
        apply_chat_template=True,
    )

``python -m apd.harness`` is lm-eval's own command line with these models and tasks.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apd.errors import ApdError
from apd.harness.names import model_names

if TYPE_CHECKING:
    from lm_eval.tasks import TaskManager

TASKS_DIR = Path(__file__).with_name("definitions")
__all__ = ["TASKS_DIR", "model_names", "register_models", "task_manager"]


def register_models() -> None:
    """Make the models of `model_names` known to lm-eval; their code is imported when one is made.

    Raises:
        ApdError: lm-eval is not installed.
    """
    try:
        from lm_eval.api.registry import model_registry
    except ImportError as error:
        raise ApdError(
            f"evaluation through lm-eval needs it ({error}): run `pip install 'apd[eval]'`"
        ) from None
    for name in model_names():
        if name not in model_registry:
            model_registry.register(name, target=f"apd.harness.models:{name}")


def task_manager(
    data_dir: str | Path | None = None, *, include_defaults: bool = True
) -> TaskManager:
    """lm-eval's tasks and this package's; where both have a name, it means this package's task.

    Args:
        data_dir: local directory of the public data sets; None for the one that
            ``APD_DATASETS_DIR`` names, else the hub.
        include_defaults: False leaves lm-eval's own tasks out, whose index takes seconds to build.

    Raises:
        ApdError: lm-eval is not installed, or the directory does not exist.
    """
    register_models()
    from lm_eval.tasks import TaskManager

    if data_dir is not None and not Path(data_dir).expanduser().is_dir():
        raise ApdError(
            f"data directory {data_dir} does not exist; give the one that holds the data sets, or "
            "none to use the hub"
        )
    metadata: dict[str, Any] = {} if data_dir is None else {"data_dir": str(data_dir)}
    return TaskManager(
        include_path=str(TASKS_DIR), include_defaults=include_defaults, metadata=metadata
    )


if find_spec("lm_eval") is not None:
    register_models()
