from datetime import date, timedelta

import polars as pl
import pytest

from synthesist.core import Allowed
from synthesist.data.kinds import Boolean, Categories, Category, Duration, Id, Integer, Moment, Number, Text
from synthesist.data.schema import TableSchema
from synthesist.errors import ConditionError, NotFoundError
from synthesist.rules.conditions import conditions, satisfied

SCHEMA = TableSchema(
    columns={
        "age": Integer(bounds={"low": 0, "high": 120, "origin": "declared"}),
        "height": Number(decimals=2),
        "sex": Category(values=Categories(items=("Female", "Male"), origin="detected")),
        "zip": Category(missing=True),
        "member": Boolean(labels=("no", "yes")),
        "born": Moment(precision="d"),
        "stay": Duration(),
        "full name": Text(),
        "id": Id(),
    }
)


@pytest.mark.parametrize(
    ("where", "column", "allowed"),
    [
        ({"age": 65}, "age", Allowed(values=(65,))),
        ({"age": (">=", 65)}, "age", Allowed(low=65)),
        ({"age": ("between", 18, 30)}, "age", Allowed(low=18, high=30)),
        ({"age": [1, 2, 2]}, "age", Allowed(values=(1, 2))),
        ({"age": {3, 1}}, "age", Allowed(values=(1, 3))),
        ({"age": ("!=", 3)}, "age", Allowed(excluded=(3,))),
        ({"zip": None}, "zip", Allowed(values=(), missing=True)),
        ({"zip": ("!=", None)}, "zip", Allowed()),
        ({"zip": 2134.0}, "zip", Allowed(values=("2134",))),
        ("age >= 65", "age", Allowed(low=65)),
        ("age>65", "age", Allowed(low=65, low_open=True)),
        ("height<1.8", "height", Allowed(high=1.8, high_open=True)),
        ("sex = Female", "sex", Allowed(values=("Female",))),
        ("sex is 'Male'", "sex", Allowed(values=("Male",))),
        ("zip in 02134, 10001", "zip", Allowed(values=("02134", "10001"))),
        ("zip in (02134,10001)", "zip", Allowed(values=("02134", "10001"))),
        ("zip not in 1", "zip", Allowed(excluded=("1",))),
        ("zip is missing", "zip", Allowed(values=(), missing=True)),
        ("zip is not missing", "zip", Allowed()),
        ("AGE between 18 AND 30", "age", Allowed(low=18, high=30)),
        ("member = yes", "member", Allowed(values=(True,))),
        ("born >= 1990-02-01", "born", Allowed(low=date(1990, 2, 1))),
        ({"born": date(1990, 2, 1)}, "born", Allowed(values=(date(1990, 2, 1),))),
        ({"stay": (">", timedelta(hours=1))}, "stay", Allowed(low=timedelta(hours=1), low_open=True)),
        (["age >= 18", "age < 30"], "age", Allowed(low=18, high=30, high_open=True)),
    ],
)
def test_conditions_are_read(where, column, allowed):
    assert conditions(where, SCHEMA) == {column: allowed}


@pytest.mark.parametrize(
    ("where", "error", "message"),
    [
        ("agee >= 65", NotFoundError, "Did you mean `age`"),
        ({"agee": 65}, NotFoundError, "Did you mean `age`"),
        ("age ~ 65", ConditionError, "Cannot read the condition"),
        ("age >=", ConditionError, "has no value"),
        ("age >= old", ConditionError, "'old' is no integer"),
        ("born > yesterday", ConditionError, "is no moment"),
        ({"age": ("between", 1)}, ConditionError, "has 1 values"),
        ("sex > Male", ConditionError, "needs an order"),
        ("sex = Femal", ConditionError, "Did you mean `Female`"),
        (["age > 5", "age < 3"], ConditionError, "contradict each other"),
        (["age = 5", "age = 6"], ConditionError, "contradict each other"),
        (["age in 1, 2", "age > 2"], ConditionError, "contradict each other"),
        ({"age": []}, ConditionError, "contradict each other"),
        ("age = 130", ConditionError, "lies between 0 and 120"),
        ("age is missing", ConditionError, "never missing"),
        ("id = 7", ConditionError, "made up"),
        ("full name = Ann", ConditionError, "made up"),
    ],
)
def test_impossible_conditions_are_refused_with_the_reason(where, error, message):
    with pytest.raises(error, match=message):
        conditions(where, SCHEMA)


def test_satisfied_says_which_rows_meet_all():
    table = pl.DataFrame({"age": [10, 20, None, 40], "sex": ["Male", "Female", "Female", "Female"]})
    allowed = conditions(["age < 30", "sex = Female"], SCHEMA)
    assert satisfied(table, allowed).to_list() == [False, True, False, False]


def test_two_conditions_meet_in_their_intersection():
    a = Allowed(low=1, high=9).both(Allowed(low=3, low_open=True, high=12, excluded=(5,)))
    assert a == Allowed(low=3, low_open=True, high=9, excluded=(5,))
    assert Allowed(values=(1, 2, 3)).both(Allowed(values=(2, 3, 4))).values == (2, 3)
    assert Allowed(values=(), missing=True).both(Allowed()).missing is False
