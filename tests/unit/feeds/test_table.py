import json
import math

import pytest

from ems.feeds.table import csv_text, json_text


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+33 4", "'+33 4"),
        ("-x", "'-x"),
        ("@sum", "'@sum"),
        ("D1-0304", "D1-0304"),
        (-3.5, "-3.5"),
        (math.nan, ""),
        ("a, b", '"a, b"'),
    ],
    ids=str,
)
def test_no_text_of_a_table_is_a_formula_and_numbers_stay_numbers(
    cell: str | float, written: str
) -> None:
    assert csv_text(["name", "cell"], [["x", cell]]).splitlines() == ["name,cell", f"x,{written}"]


def test_json_says_what_it_is_and_has_no_nan() -> None:
    text = json_text({"schema": "x/1"}, ["a", "b"], [["=1", math.nan]])
    assert json.loads(text) == {"schema": "x/1", "rows": [{"a": "=1", "b": None}]}
