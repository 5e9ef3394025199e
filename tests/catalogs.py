"""Compiles the catalogs for the tests, so that they read the sentences as they stand in the .po files."""

from pathlib import Path

import polib


def compile_all(root: Path) -> None:
    for po in sorted(root.glob("locale/*/LC_MESSAGES/*.po")):
        mo = po.with_suffix(".mo")
        if not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime:
            polib.pofile(str(po)).save_as_mofile(str(mo))
