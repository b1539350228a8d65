"""Schemas of SQL, judged by databases that know nothing of us: rows load with all constraints on."""

import sqlite3
from pathlib import Path

import duckdb
import polars as pl
import pytest

from synthesist.cli import main
from synthesist.errors import SpecError
from synthesist.schemas import page_of, written
from synthesist.verbs.drawing import sample
from synthesist.verbs.named import as_model

DDL = Path(__file__).parent / "ddl"
SQLITE = """
CREATE TABLE country (code CHAR(2) PRIMARY KEY, name VARCHAR(12) NOT NULL UNIQUE CHECK (length(name) >= 4));
CREATE TABLE person (
  id INTEGER PRIMARY KEY AUTOINCREMENT, country CHAR(2) NOT NULL REFERENCES country (code),
  boss INTEGER REFERENCES person (id),
  level SMALLINT NOT NULL CHECK (level BETWEEN 1 AND 5), grade TEXT CHECK (grade IN ('a', 'b') OR grade IS NULL),
  low NUMERIC(6,2) NOT NULL CHECK (low >= 0), high NUMERIC(6,2) NOT NULL,
  twice NUMERIC(8,2) GENERATED ALWAYS AS (low * 2) STORED, CHECK (low < high));
CREATE TABLE passport (person INTEGER PRIMARY KEY REFERENCES person (id),
  number TEXT NOT NULL UNIQUE CHECK (number GLOB '[A-Z][A-Z][0-9][0-9][0-9][0-9][0-9][0-9]'));
CREATE TABLE course (id INTEGER PRIMARY KEY, hours INT NOT NULL CHECK (hours > 0 AND hours <= 40), CHECK (hours <> 13));
CREATE TABLE enrolled (
  person INTEGER REFERENCES person, course INTEGER REFERENCES course, PRIMARY KEY (person, course));
CREATE TABLE visit (
  person INTEGER NOT NULL REFERENCES person, nr INTEGER NOT NULL, day DATE NOT NULL CHECK (day >= '2021-05-01'),
  PRIMARY KEY (person, nr));
CREATE TABLE bill (
  id INTEGER PRIMARY KEY, person INTEGER, nr INTEGER, UNIQUE (person, nr), FOREIGN KEY (person, nr) REFERENCES visit);
CREATE TABLE seat (
  hall INTEGER CHECK (hall IN (1, 2, 3)), place INTEGER CHECK (place BETWEEN 1 AND 200), PRIMARY KEY (hall, place));
"""
DUCKDB = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE item (id UUID PRIMARY KEY, tiny UTINYINT NOT NULL, price DECIMAL(5,2) CHECK (price > 1), tags VARCHAR[],
  mood mood NOT NULL, three INTEGER[3], place STRUCT(x INT, y VARCHAR, z DOUBLE[]) NOT NULL,
  one UNION(x INT, y VARCHAR), named MAP(VARCHAR, INT) NOT NULL, nested INTEGER[][] NOT NULL,
  wait INTERVAL, blob BLOB, seen TIMESTAMP,
  clock TIME, big HUGEINT, flag BOOLEAN NOT NULL);
CREATE TABLE part (
  item UUID NOT NULL REFERENCES item (id), nr INTEGER, name VARCHAR CHECK (name LIKE 'part-%'), PRIMARY KEY (item, nr));
"""


def test_rows_load_into_sqlite_with_all_constraints_on(tmp_path: Path) -> None:
    database = loaded_into_sqlite(schema(tmp_path, "school.sqlite.sql", SQLITE), 500)
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    counts = {
        name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("person", "seat", "enrolled")
    }
    assert counts["person"] == 500 and counts["seat"] == 500 and counts["enrolled"] > 200
    assert database.execute("SELECT count(*) FROM person WHERE boss >= id").fetchone() == (0,)
    assert database.execute("SELECT count(DISTINCT nr) FROM visit").fetchone()[0] > 3


def test_rows_load_into_duckdb_from_the_files_that_are_written(tmp_path: Path) -> None:
    source, out = schema(tmp_path, "items.duckdb.sql", DUCKDB), tmp_path / "out"
    with pytest.warns(UserWarning, match=r"line 5: `item.one` is UNION.* not drawn here, and stays empty"):
        assert main(["sample", str(source), "-n", "300", "-o", str(out)]) == 0
    database = duckdb.connect()
    database.execute(DUCKDB)
    for table in ("item", "part"):
        file = out / f"{table}.csv"
        columns = file.read_text("utf-8").split("\n", 1)[0]
        database.execute(f"COPY {table} ({columns}) FROM '{file}' (FORMAT csv, HEADER, QUOTE '\"', ESCAPE '\"')")
    assert database.execute("SELECT count(*), max(len(three)), min(price) > 1 FROM item").fetchone() == (300, 3, True)


@pytest.mark.parametrize("name", ["shop.postgres.sql", "petclinic.mysql.sql", "petclinic.postgres.sql"])
def test_pages_of_schemas_are_pages_of_samplers(name: str) -> None:
    made = as_model(DDL / name, {})
    assert len(made.schema.tables) == 7


def test_pages_are_written_to_be_edited_and_read_again(tmp_path: Path) -> None:
    page = tmp_path / "page.yaml"
    assert main(["inspect", str(DDL / "shop.postgres.sql"), "-o", str(page)]) == 0
    text = page.read_text("utf-8")
    assert "rules: [cost < price]" in text and "pattern: '[A-Z]{3}[0-9]{5}'" in text
    assert as_model(page, {}).schema == as_model(DDL / "shop.postgres.sql", {}).schema


def test_what_dumps_hold_beside_tables_is_passed_over(tmp_path: Path) -> None:
    dump = r"""
# it's MySQL
-- MySQL dump 10.13, no IDENTITY(1,1)
/*!40101 SET NAMES utf8 */;
DROP TABLE IF EXISTS `a`;
CREATE TABLE `a` (
  `id` int(11) NOT NULL AUTO_INCREMENT, `e` enum('it''s','b;c') CHARACTER SET utf8 NOT NULL COMMENT 'x; y',
  `y` year(4) DEFAULT NULL,
  `ti` tinyint(1) NOT NULL, `b` bit(3), PRIMARY KEY (`id`), KEY `k` (`e`), FULLTEXT KEY `f` (`e`)
) ENGINE=InnoDB AUTO_INCREMENT=7 /*!50100 PARTITION BY HASH (id) */;
LOCK TABLES `a` WRITE;
INSERT INTO `a` VALUES (1,'CREATE TABLE z (id int);',2001,1,1);
DELIMITER ;;
CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN CREATE TABLE q (x int); END ;;
DELIMITER ;
CREATE TEMPORARY TABLE tmp (x int);
"""
    page = page_of(schema(tmp_path, "dump.sql", dump))
    assert page["table"] == "a" and list(page["columns"]) == ["id", "e", "y", "ti", "b"]
    assert page["columns"]["e"]["values"] == ["it's", "b;c"] and page["columns"]["ti"]["is"] == "bernoulli"
    assert page["columns"]["b"]["high"] == 7


def test_what_pg_dump_writes_is_read(tmp_path: Path) -> None:
    dump = """
SET statement_timeout = 0;
\\connect shop
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE no (id int); END; $$;
CREATE TABLE public."Order" (id integer NOT NULL, "unitPrice" numeric(5,1),
  status character varying(9) DEFAULT 'x'::character varying NOT NULL,
  CONSTRAINT c CHECK (((status)::text = ANY ((ARRAY['new'::character varying, 'old'::character varying])::text[]))));
ALTER TABLE public."Order" OWNER TO me;
COPY public."Order" (id) FROM stdin;
1;
CREATE TABLE never (id int);
\\.
ALTER TABLE ONLY public."Order" ADD CONSTRAINT k PRIMARY KEY (id);
CREATE UNIQUE INDEX u ON public."Order" USING btree (lower(status), "unitPrice");
COMMENT ON COLUMN public."Order"."unitPrice" IS 'what it costs';
"""
    page = page_of(schema(tmp_path, "dump.sql", dump))
    assert page["table"] == "Order" and page["columns"]["status"]["values"] == ["new", "old"]
    assert page["columns"]["id"] == {"is": "keys"} and page["rules"] == ["unique(status, unitPrice)"]


def test_parts_of_a_table_limit_its_rows(tmp_path: Path) -> None:
    parted = """CREATE TABLE p (id bigserial, day date NOT NULL) PARTITION BY RANGE (day);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2023-01-01') TO ('2023-07-01');
    CREATE TABLE p2 PARTITION OF p FOR VALUES FROM ('2023-07-01') TO ('2024-01-01');"""
    days = sample(as_model(schema(tmp_path, "p.sql", parted), {}), 400)["day"]
    assert (str(days.min())[:7], str(days.max())[:7]) == ("2023-01", "2023-12")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT 1;", "describes no table"),
        ("\n\nCREATE TABLE t (a int, b int;", r"line 3: this statement ends too early"),
        ("CREATE TABLE t (a NVARCHAR(MAX));", "SQL Server, whose SQL is not read here"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(tmp_path: Path, sql: str, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        page_of(schema(tmp_path, "x.sql", sql))


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("CREATE TABLE a (id int PRIMARY KEY, g geometry NOT NULL);", "geometry, which is not drawn here, and may not"),
        ("CREATE TABLE a (id int PRIMARY KEY, b int NOT NULL CHECK (b % 7 = f(b)));",
         r"CHECK \(b % 7 = f\(b\)\) is not kept"),
        ("CREATE TABLE a (id int PRIMARY KEY, b int REFERENCES nowhere);", "refers to `nowhere`, which is no table"),
        ("CREATE TABLE a (id int PRIMARY KEY, b int NOT NULL REFERENCES b); "
         "CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL REFERENCES a);", r"in a circle \(.*deferred"),
    ],
)  # fmt: skip
def test_what_is_not_kept_is_named(tmp_path: Path, sql: str, said: str) -> None:
    source = schema(tmp_path, "x.sql", sql)
    with pytest.warns(UserWarning, match=said):
        page_of(source)
    assert written(source).startswith("# ")


def schema(folder: Path, name: str, sql: str) -> Path:
    (path := folder / name).write_text(sql, "utf-8")
    return path


def loaded_into_sqlite(source: Path, n: int) -> sqlite3.Connection:
    """The rows of a schema in a database that checks every one of them."""
    database = sqlite3.connect(":memory:")
    database.executescript(source.read_text("utf-8"))
    database.execute("DELETE FROM sqlite_sequence") if "AUTOINCREMENT" in source.read_text("utf-8") else None
    database.execute("PRAGMA foreign_keys = ON")
    for name, rows in as_model(source, {}).sample(n, seed=1).tables.items():
        moments = [column for column, kind in rows.schema.items() if kind.is_temporal()]
        rows = rows.with_columns(pl.col(moments).cast(pl.String))
        columns, places = ", ".join(f'"{c}"' for c in rows.columns), ", ".join("?" * rows.width)
        database.execute(f'DELETE FROM "{name}"')
        database.executemany(f'INSERT INTO "{name}" ({columns}) VALUES ({places})', rows.rows())
    return database
