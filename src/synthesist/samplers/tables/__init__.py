"""Related tables declared by distributions: keys, references, and how many rows belong to each."""

from typing import Any, ClassVar

from synthesist.core import Spec, knob
from synthesist.samplers.tables.table import Table

__all__ = ["Tables"]

EXAMPLE: dict[str, Any] = {
    "people": {"columns": {"id": {"is": "keys"}, "x": {"is": "normal"}}},
    "visits": {
        "columns": {
            "id": {"is": "keys"},
            "person": {"is": "reference", "to": "people", "each": {"is": "poisson", "mean": 2}},
            "y": {"is": "gamma"},
        }
    },
}
MORE = {**EXAMPLE, "places": {"rows": 5, "columns": {"id": {"is": "keys"}}}}


class Tables(Spec):
    """Several tables whose rows refer to each other, made from a description alone.

    Each table is declared as in `columns`; columns that are a `reference` hold keys of other tables. Written as a page:

        kind: tables
        unit: customers                       # whose rows are counted by -n; the first table where not said
        tables:
          customers:
            columns: {id: {is: keys}, since: {is: dates, start: 2020-01-01, end: 2024-12-31}}
          products:
            rows: 200                         # or rows_per_unit: 0.1; as many as there are units where not said
            columns: {id: {is: keys}, price: {is: lognormal, median: 20, decimals: 2}}
          orders:
            columns:
              id: {is: keys}
              customer: {is: reference, to: customers, each: {is: negative_binomial, mean: 3, size: 2}}
              day: {is: expression, formula: "customer.since + days(seconds_later)"}
              total: {is: expression, formula: "sum(lines.amount)"}
          lines:
            key: [order, line]
            columns:
              order: {is: reference, to: orders, each: {is: geometric, high: 12}}
              line: {is: position}            # 1, 2, 3 ... within the order
              product: {is: reference, to: products, weights: {is: zipf, exponent: 1.1}, distinct: true}
              quantity: {is: geometric}
              amount: {is: expression, formula: "round(quantity * product.price, 2)"}

    Every reference finds its row and every key is unique, at any number of rows: keys are computed from the index of
    their row, and references from the index of the row they point to.

    When not to use: where real data exists whose relations matter, or for one table (`columns`).
    """

    unit: str = knob("", "the table whose rows n counts; the first one where not said", tries=("people", "places"),
                     beside={"tables": MORE})  # fmt: skip
    tables: dict[str, Table] = knob(
        ...,
        "name and declaration of every table",
        tries=(EXAMPLE, MORE),
        min_length=1,
    )

    block: ClassVar[int] = 65_536
