"""Where data is looked for, and what is said when it is not there."""

import pytest

from apd import paths
from apd.errors import ApdError


def test_the_checkout_is_found_without_configuration(monkeypatch):
    monkeypatch.delenv(paths.DATA_DIR_VARIABLE, raising=False)
    assert (paths.data_dir() / "paper_reference.csv").is_file()


def test_the_environment_wins(monkeypatch, tmp_path):
    monkeypatch.setenv(paths.DATA_DIR_VARIABLE, str(tmp_path))
    assert paths.data_dir() == tmp_path.resolve()


def test_a_wrong_variable_is_an_error_with_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setenv(paths.DATA_DIR_VARIABLE, str(tmp_path / "absent"))
    with pytest.raises(ApdError, match="unset it"):
        paths.data_dir()


def test_an_installation_without_data_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.delenv(paths.DATA_DIR_VARIABLE, raising=False)
    monkeypatch.setattr(paths, "__file__", str(tmp_path / "apd" / "paths.py"))
    with pytest.raises(ApdError, match=r"apd models fetch-mini.*APD_DATA_DIR"):
        paths.data_dir()
