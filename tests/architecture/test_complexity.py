"""The bars of the architecture, section 5."""

import pytest

from tests.architecture import complexity


@pytest.mark.parametrize("figure", complexity.figures(), ids=lambda figure: figure.name)
def test_the_bar_is_kept(figure):
    print(figure)
    assert figure.kept, str(figure)


def test_what_is_measured_is_measured_right(tmp_path, monkeypatch):
    monkeypatch.setattr(complexity, "ROOT", tmp_path)
    module = tmp_path / "one.py"
    module.write_text("def short():\n    return 1\n\n\ndef long():\n    import os\n\n    return os\n")
    assert [size for size, _ in complexity.functions(module)] == [2, 4]
    assert list(complexity.inner_imports(module)) == ["one.py:6"]
    assert complexity.percentile(list(range(1, 11)), 0.9) == 9
