"""Every setting is documented, and nothing is documented that is none."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NAME = re.compile(r"\bKLADKA_[A-Z_]+[A-Z]\b")


def test_every_setting_is_documented():
    known = set(_NAME.findall((ROOT / "app/config.py").read_text(encoding="utf-8")))
    documented = set(_NAME.findall((ROOT / "docs/operating.md").read_text(encoding="utf-8")))
    assert known - documented == set()
    assert {name for name in documented - known if not name.startswith("KLADKA_TEST_")} == set()
