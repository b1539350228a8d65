"""The manifest of dbt, the metadata of SDV, and examples of rows."""

import json
from pathlib import Path
from typing import Any

import polars as pl

from synthesist.schemas import page_of
from synthesist.verbs.named import as_model, declared

MANIFEST: dict[str, Any] = {
    "metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "adapter_type": "duckdb"},
    "sources": {},
    "nodes": {
        "model.shop.customers": {
            "resource_type": "model", "name": "customers", "schema": "main",
            "columns": {"customer_id": {"data_type": "integer"}, "first_name": {"data_type": "varchar(30)"},
                        "created_at": {"data_type": None}},
        },
        "model.shop.orders": {
            "resource_type": "model", "name": "orders", "schema": "main",
            "columns": {"order_id": {"data_type": "bigint", "constraints": [{"type": "primary_key"}]},
                        "customer": {"data_type": "integer"}, "status": {"data_type": "text"},
                        "amount": {"data_type": "decimal(8,2)",
                                   "constraints": [{"type": "check", "expression": "amount > 5"}]}},
        },
        **{
            f"test.shop.{number}": {"resource_type": "test", "attached_node": f"model.shop.{node}",
                                    "test_metadata": {"name": name, "kwargs": {"column_name": column, **more}}}
            for number, (node, name, column, more) in enumerate([
                ("customers", "unique", "customer_id", {}), ("customers", "not_null", "customer_id", {}),
                ("orders", "relationships", "customer", {"to": "ref('customers')", "field": "customer_id"}),
                ("orders", "accepted_values", "status", {"values": ["open", "paid"]}),
                ("orders", "not_null", "status", {}),
            ])
        },
    },
}  # fmt: skip
METADATA: dict[str, Any] = {
    "METADATA_SPEC_VERSION": "V1",
    "tables": {
        "hotels": {"primary_key": "hotel_id", "columns": {
            "hotel_id": {"sdtype": "id", "regex_format": "HID_[0-9]{3}"}, "city": {"sdtype": "categorical"},
            "rating": {"sdtype": "numerical", "computer_representation": "UInt8"}}},
        "guests": {"primary_key": "guest_email", "columns": {
            "guest_email": {"sdtype": "email"}, "hotel": {"sdtype": "id", "regex_format": "HID_[0-9]{3}"},
            "arrival": {"sdtype": "datetime", "datetime_format": "%d %b %Y"}, "member": {"sdtype": "boolean"}}},
    },
    "relationships": [{"parent_table_name": "hotels", "parent_primary_key": "hotel_id",
                       "child_table_name": "guests", "child_foreign_key": "hotel"}],
}  # fmt: skip


def test_tests_of_dbt_hold_in_the_rows(tmp_path: Path) -> None:
    tables = drawn(tmp_path / "manifest.json", MANIFEST, 300)
    customers, orders = tables["customers"], tables["orders"]
    assert customers["customer_id"].is_unique().all() and customers["first_name"].str.len_chars().max() <= 30
    assert customers["created_at"].dtype == pl.Datetime("us")
    assert (
        orders.filter(pl.col("customer").is_not_null())
        .join(customers, left_on="customer", right_on="customer_id", how="anti")
        .is_empty()
    )
    assert set(orders["status"]) == {"open", "paid"} and orders.filter(pl.col("amount") <= 5).is_empty()


def test_metadata_of_sdv_are_related_tables(tmp_path: Path) -> None:
    tables = drawn(tmp_path / "metadata.json", METADATA, 200)
    hotels, guests = tables["hotels"], tables["guests"]
    assert hotels["hotel_id"].str.contains(r"^HID_\d{3}$").all() and set(guests["hotel"]) <= set(hotels["hotel_id"])
    assert guests["guest_email"].is_unique().all() and guests["arrival"].dtype == pl.Date
    assert as_model(tmp_path / "metadata.json", {}).schema.tables["guests"].columns["arrival"].format == "%d %b %Y"  # type: ignore[union-attr]


def test_metadata_of_one_table(tmp_path: Path) -> None:
    one = {"METADATA_SPEC_VERSION": "SINGLE_TABLE_V1", **METADATA["tables"]["guests"]}
    (path := tmp_path / "one.json").write_text(json.dumps(one), "utf-8")
    assert page_of(path)["kind"] == "columns" and page_of(path)["columns"]["guest_email"]["unique"] is True


def test_an_example_is_described_without_what_few_rows_have(tmp_path: Path) -> None:
    rows = pl.DataFrame({
        "plan": ["free"] * 70 + ["paid"] * 28 + ["secret", "odd"],
        "spent": [float(7 * i % 101) + 0.25 for i in range(99)] + [98765.43],
        "day": pl.date_range(pl.date(2024, 3, 5), pl.date(2024, 6, 12), eager=True),
        "note": [f"hello {i} there" for i in range(100)],
        "seats": [None, *(i % 9 for i in range(99))],
    })  # fmt: skip
    rows.write_csv(path := tmp_path / "plans.csv")
    page = page_of(path)["columns"]
    assert page["plan"] == {"is": "categorical", "values": ["free", "paid"], "weights": [0.7, 0.28]}
    assert (page["day"]["start"], page["day"]["end"]) == ("2024-03-01", "2024-06-30")
    assert (
        max(page["spent"]["points"].values()) == 100_000
        and "98765" not in str(page)
        and page["seats"]["missing"] == 0.01
    )
    assert not any(text in str(page) for text in ("secret", "hello", "odd"))
    assert as_model(declared(page_of(path), path), {}).sample(50).units == 50


def drawn(path: Path, tree: dict[str, Any], n: int) -> dict[str, pl.DataFrame]:
    path.write_text(json.dumps(tree), "utf-8")
    return dict(as_model(path, {}).sample(n, seed=3).tables)
