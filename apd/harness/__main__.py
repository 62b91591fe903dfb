"""lm-eval's command line with this package's models and tasks: `python -m apd.harness`.

Every argument is lm-eval's. Under `accelerate launch -m apd.harness ...` the requests
are shared out between the processes.
"""

from __future__ import annotations

import sys

from apd.errors import ApdError
from apd.harness import TASKS_DIR, register_models


def main() -> int:
    """Run lm-eval on the process's arguments and return the exit status."""
    try:
        register_models()
        from lm_eval.__main__ import cli_evaluate

        if len(sys.argv) > 1 and not any(a.startswith("--include_path") for a in sys.argv):
            sys.argv += ["--include_path", str(TASKS_DIR)]
        cli_evaluate()
    except (ApdError, ValueError) as error:
        print(f"apd: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
