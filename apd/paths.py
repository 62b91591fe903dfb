"""Where the trained models, the task files and the result tables are kept."""

from __future__ import annotations

import os
from pathlib import Path

from apd.errors import ApdError

DATA_DIR_VARIABLE = "APD_DATA_DIR"


def data_dir() -> Path:
    """Return the directory that holds ``models/``, ``tasks/``, ``results/`` and the reference CSV.

    The environment variable ``APD_DATA_DIR`` wins; otherwise it is ``data/`` at the root of the
    checkout that this package was installed from with ``pip install -e``, and without one the
    user's own, which `apd models fetch-mini` fills.

    Raises:
        ApdError: none of them exists.
    """
    override = os.environ.get(DATA_DIR_VARIABLE)
    if override:
        path = Path(override).expanduser().resolve()
        if not path.is_dir():
            raise ApdError(
                f"{DATA_DIR_VARIABLE}={override!r} is not a directory: point it at the data/ "
                "folder of a checkout, or unset it."
            )
        return path
    path = Path(__file__).resolve().parent.parent / "data"
    if (path / "paper_reference.csv").is_file():  # in version control, so always in a checkout
        return path
    own = user_data_dir()
    if (own / "models").is_dir():
        return own
    raise ApdError(
        f"no models and tasks at {own}: run `apd models fetch-mini`, or set {DATA_DIR_VARIABLE} to "
        "the data/ folder of a checkout"
    )


def user_data_dir() -> Path:
    """Where an installation without a checkout keeps its data; it need not exist."""
    windows, xdg = os.environ.get("LOCALAPPDATA"), os.environ.get("XDG_DATA_HOME")
    return Path(windows or xdg or Path.home() / ".local" / "share") / "apd"
