"""Every column type of every system: read, written to a new database, and the same there by the catalogue and in text."""

from pathlib import Path

import pytest

from synthesist.data.databases import DatabaseWriter, read_database
from systems import SYSTEMS, maker

OWN_TYPES = {
    "postgres": [
        "CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'happy')",
        "CREATE TYPE pair AS (a int, b text, m mood)",
        "CREATE DOMAIN code AS varchar(5) CHECK (VALUE ~ '^[A-Z]+$')",
        "CREATE DOMAIN moods AS mood[]",
        "CREATE EXTENSION hstore",
    ],
    "mysql": [],
    "sqlite": [],
    "duckdb": ["CREATE TYPE mood AS ENUM ('sad', 'it''s', 'happy')"],
}
CELLS = {
    "postgres": {
        "smallint": ["-32768", "32767", "0"],
        "integer": ["-2147483648", "2147483647"],
        "bigint": ["-9223372036854775808", "9223372036854775807"],
        "numeric(10,2)": ["12.50", "-99999999.99", "0.00", "'NaN'"],
        "numeric(38,20)": ["123456789012345678.12345678901234567890", "1"],
        "numeric": ["12.5", "0.333333333333333333333333333", "1e100", "'Infinity'", "'-Infinity'"],
        "numeric(5)": ["12345", "-1"],
        "numeric(20,0)": ["12345678901234567890"],
        "real": ["'NaN'", "'Infinity'", "'-Infinity'", "0.1", "3.4e38", "1e-45"],
        "double precision": ["'NaN'", "'-Infinity'", "0.1", "1.7976931348623157e308", "5e-324", "-0.0"],
        "money": ["12.34", "-92233720368547758.08"],
        "character(5)": ["'ab'", "''"],
        "character varying(10)": ["'a b'", "''", "' x '", "'NA'", "'007'"],
        "text": ["E'tab\\there\\nnew\\\\line\\r\\b\\f\\v'", "'\"quote'", "'\\N'", "''", "'2020-01-01'", "'naïve ☃ 😀'"],
        "character varying": ["'true'", "'false'"],
        '"char"': ["'x'"],
        "name": ["'abc'"],
        "bytea": ["'\\x00ff5c'", "''"],
        "date": ["'2024-02-29'", "'infinity'", "'-infinity'", "'0044-03-15 BC'", "'20240-01-01'"],
        "time without time zone": ["'24:00:00'", "'00:00:00.000001'"],
        "time(3) without time zone": ["'12:34:56.789'"],
        "time with time zone": ["'12:00:00.5+02'", "'23:59:60-15:59'"],
        "timestamp without time zone": [
            "'2024-01-01 12:00:00.123456'",
            "'infinity'",
            "'0001-01-01 00:00:00 BC'",
            "'1969-12-31'",
        ],
        "timestamp(0) without time zone": ["'2024-01-01 12:00:01'"],
        "timestamp with time zone": ["'2024-07-01 12:00:00.123456+02'", "'1900-01-01 00:00:00+00'"],
        "timestamp(3) with time zone": ["'-infinity'"],
        "interval": ["'1 year 2 mons -3 days 04:05:06.789'", "'-00:00:01'", "'00:00:00'"],
        "interval day to second(3)": ["'3 days 04:05:06.789'"],
        "interval year": ["'3 years'"],
        "boolean": ["true", "false"],
        "uuid": ["gen_random_uuid()", "'00000000-0000-0000-0000-000000000000'"],
        "json": ['\'{"a":  1, "a": [null, "x\\ny"]}\'', "'null'", "'  1 '"],
        "jsonb": ['\'{"b": 1.50, "a": "\\u00e9"}\''],
        "xml": ["'<a b=\"1\">x &amp; y</a>'", "'text'"],
        "mood": ["'sad'", "'it''s ok'"],
        "mood[]": ["'{sad,NULL,\"it''s ok\"}'"],
        "pair": ["(1,'a \"b\", (c)','happy')", "(NULL,NULL,NULL)"],
        "pair[]": ["ARRAY[(1,'x','sad')::pair]"],
        "code": ["'AB'"],
        "moods": ["'{sad}'"],
        "integer[]": ["'{1,NULL,3}'", "'{}'", "'{{1,2},{3,4}}'", "'[0:2]={1,2,3}'"],
        "text[]": ["ARRAY['a,b','c\"d','e\\f','','NULL',NULL]"],
        "numeric(5,2)[]": ["'{1.20}'"],
        "timestamp with time zone[]": ["'{2024-01-01 00:00+00}'"],
        "bytea[]": ["ARRAY['\\x00'::bytea]"],
        "int4range": ["'[1,10)'", "'empty'", "'(,5]'"],
        "int8range": ["'[1,2]'"],
        "numrange": ["'(1.50,2.5]'"],
        "tsrange": ["'[2024-01-01, 2024-02-01)'"],
        "tstzrange": ["'[2024-01-01 00:00+02,)'"],
        "daterange": ["'[2024-01-01,2024-02-01)'"],
        "int4multirange": ["'{[1,3),[5,8)}'"],
        "datemultirange": ["'{}'"],
        "inet": ["'192.168.0.1/24'", "'::1'"],
        "cidr": ["'10.0.0.0/8'"],
        "macaddr": ["'08:00:2b:01:02:03'"],
        "macaddr8": ["'08:00:2b:01:02:03:04:05'"],
        "bit(3)": ["B'101'"],
        "bit varying(8)": ["B'1'", "B''"],
        "bit varying": ["B'0011'"],
        "point": ["'(1.5,-0)'", "'(NaN,Infinity)'"],
        "line": ["'{1,2,3}'"],
        "lseg": ["'[(0,0),(1,1)]'"],
        "box": ["'(2,2),(0,0)'"],
        "path": ["'((0,0),(1,1))'", "'[(0,0),(1,1)]'"],
        "polygon": ["'((0,0),(1,1),(1,0))'"],
        "circle": ["'<(0,0),1.5>'"],
        "tsvector": ["'a:1A fat:2B,4 ''it''''s'''"],
        "tsquery": ["'fat & (rat | !cat:*)'"],
        "hstore": ["'a=>1, \"b c\"=>NULL'"],
        "pg_lsn": ["'16/B374D848'"],
        "oid": ["4294967295", "1"],
        "regclass": ["'pg_class'"],
        "jsonpath": ["'$.a[*] ? (@ > 1)'"],
        "txid_snapshot": ["'10:20:10,14'"],
        "xid": ["'4294967295'"],
        "tid": ["'(1,2)'"],
    },
    "mysql": {
        "tinyint(4)": ["-128", "127"],
        "tinyint(3) unsigned": ["255"],
        "tinyint(1)": ["0", "1", "5"],
        "smallint(6)": ["-32768"],
        "mediumint(9)": ["-8388608"],
        "int(11)": ["-2147483648"],
        "int(10) unsigned": ["4294967295"],
        "int(5) unsigned zerofill": ["42"],
        "bigint(20)": ["-9223372036854775808"],
        "bigint(20) unsigned": ["18446744073709551615", "0"],
        "decimal(10,2)": ["12.50", "-99999999.99"],
        "decimal(65,30)": ["12345678901234567890123456789012345.123456789012345678901234567890"],
        "decimal(20,0)": ["12345678901234567890"],
        "float": ["0.1", "3.4e38", "-1e-40"],
        "double": ["0.1", "1.7976931348623157e308", "5e-324"],
        "double(10,2)": ["1.25"],
        "float(7,3)": ["1.125"],
        "bit(1)": ["b'1'"],
        "bit(10)": ["b'0000000011'"],
        "bit(64)": ["b'1111111111111111111111111111111111111111111111111111111111111111'"],
        "date": ["'2024-02-29'", "'1000-01-01'", "'9999-12-31'"],
        "time": ["'-838:59:59'", "'838:59:59'"],
        "time(6)": ["'12:34:56.123456'", "'-00:00:00.000001'"],
        "datetime": ["'2024-01-01 00:00:00'"],
        "datetime(6)": ["'2024-01-01 12:00:00.123456'"],
        "timestamp": ["'2024-07-01 12:00:00'"],
        "timestamp(6)": ["'2024-07-01 12:00:00.123456'"],
        "year(4)": ["2024", "0000", "1901"],
        "char(5)": ["'ab'", "''"],
        "varchar(20)": ["'a b '", "''", "'NA'", "'007'"],
        "tinytext": ["'x'"],
        "text": ["'tab\\there\\nnew\\\\line\\r\\0\\Z\\'q\\\"'", "'😀'"],
        "mediumtext": ["'y'"],
        "longtext": ["'z'"],
        "binary(4)": ["X'00ff'"],
        "varbinary(10)": ["X'00ff5c27'", "''"],
        "tinyblob": ["X'00'"],
        "blob": ["X'00ff5c27'"],
        "mediumblob": ["X'01'"],
        "longblob": ["X'01'"],
        "enum('a','it''s','c,d')": ["'a'", "'it''s'"],
        "set('x','y','z')": ["'x,z'", "''"],
        "json": ["'{\"a\":  1}'"],
        "uuid": ["'123e4567-e89b-12d3-a456-426614174000'"],
        "inet4": ["'192.168.0.1'"],
        "inet6": ["'::1'"],
        "geometry": ["ST_GeomFromText('POINT(1 2)', 4326)"],
        "point": ["POINT(1.5,-2)"],
        "polygon": ["ST_GeomFromText('POLYGON((0 0,1 1,1 0,0 0))')"],
    },
    "sqlite": {
        "INTEGER": ["1", "'abc'", "2.5"],
        "INT": ["9223372036854775807", "-9223372036854775808"],
        "REAL": ["1.5", "1e999", "'x'", "3.0"],
        "TEXT": ["'a'", "'1'", "''", "x'00ff'"],
        "BLOB": ["x'00ff'", "'text'", "1", "1.5", "'1'"],
        "": ["1", "'1'", "1.0", "x'01'", "'x'''"],
        "NUMERIC": ["1.5", "'x'", "3"],
        "DECIMAL(10,2)": ["1.25", "2"],
        "BOOLEAN": ["0", "1"],
        "DATE": ["'2024-01-01'"],
        "DATETIME": ["'2024-01-01 12:00:00'", "1704110400"],
        "VARCHAR(10)": ["'longer than ten'"],
        "DOUBLE": ["0.1"],
        "JSON": ["'{\"a\": 1}'"],
        "TIMESTAMP": ["'2024-01-01 12:00:00.123'"],
        "TIME": ["'12:00:00'"],
        "BIGINT": ["1"],
    },
    "duckdb": {
        "TINYINT": ["-128"],
        "SMALLINT": ["-32768"],
        "INTEGER": ["1"],
        "BIGINT": ["-9223372036854775808"],
        "HUGEINT": ["170141183460469231731687303715884105727", "-1"],
        "UTINYINT": ["255"],
        "USMALLINT": ["65535"],
        "UINTEGER": ["4294967295"],
        "UBIGINT": ["18446744073709551615"],
        "UHUGEINT": ["340282366920938463463374607431768211455"],
        "DECIMAL(18,3)": ["1.500"],
        "DECIMAL(38,10)": ["1234567890123456789012345678.1234567891"],
        "DECIMAL(4,0)": ["12"],
        "FLOAT": ["'nan'", "'inf'", "0.1", "1e-45"],
        "DOUBLE": ["'nan'", "'-inf'", "0.1", "5e-324"],
        "BOOLEAN": ["true", "false"],
        "VARCHAR": ["'a\tb\n'", "''", "'NULL'", "' x '"],
        "BLOB": ["'\\x00\\xFFabc'::BLOB", "''::BLOB"],
        "BIT": ["'10101'::BIT"],
        "UUID": ["'123e4567-e89b-12d3-a456-426614174000'"],
        "DATE": ["'2024-02-29'", "'infinity'", "'0044-03-15 (BC)'"],
        "TIME": ["'12:34:56.123456'", "'24:00:00'"],
        "TIMETZ": ["'12:00:00+02'"],
        "TIMESTAMP": ["'2024-01-01 12:00:00.123456'", "'infinity'"],
        "TIMESTAMP_S": ["'2024-01-01 12:00:00'"],
        "TIMESTAMP_MS": ["'2024-01-01 12:00:00.123'"],
        "TIMESTAMP_NS": ["'2024-01-01 12:00:00.123456789'"],
        "TIMESTAMP WITH TIME ZONE": ["'2024-07-01 12:00:00.123456+02'"],
        "INTERVAL": ["INTERVAL '1 year 2 days 3 hours'", "INTERVAL '-1 second'"],
        "mood": ["'it''s'"],
        "ENUM('a', 'b,c')": ["'b,c'"],
        "INTEGER[]": ["[1,NULL,3]", "[]"],
        "VARCHAR[]": ["['a, b','it''s','','NULL',NULL,'[x]','\"q\"',' s ']"],
        "INTEGER[3]": ["[1,2,3]"],
        "VARCHAR[][]": ["[['a'],[]]"],
        "STRUCT(a INTEGER, b VARCHAR)": ["{'a':1,'b':'x, y'}", "{'a':NULL,'b':NULL}"],
        "MAP(VARCHAR, INTEGER)": ["MAP {'k=1': 1, 'b': NULL}"],
        "UNION(num INTEGER, str VARCHAR)": ["union_value(num := 1)", "union_value(str := '1')"],
        "JSON": ["'{\"a\":  1}'"],
        "STRUCT(a BLOB, t TIMESTAMP)[]": ["[{'a':'\\x00'::BLOB,'t':'2024-01-01'::TIMESTAMP}]"],
        "VARINT": ["'123456789012345678901234567890123456789012345'"],
    },
}
TEXT = {"postgres": "v::text", "mysql": "HEX(v)", "sqlite": "typeof(v), quote(v)", "duckdb": "v::VARCHAR"}
CATALOGUE = {
    "postgres": "SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute "
    "JOIN pg_class c ON c.oid = attrelid WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 ORDER BY 1, 2",
    "mysql": "SELECT table_name, column_name, column_type, is_nullable, column_key FROM information_schema.columns "
    "WHERE table_schema = database() ORDER BY 1, 2",
    "sqlite": 'SELECT m.name, t.name, t.type, t."notnull", t.pk FROM sqlite_master m, pragma_table_info(m.name) t '
    "WHERE m.type = 'table' ORDER BY 1, 2",
    "duckdb": "SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns() WHERE NOT internal ORDER BY 1, 2",
}


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_type_travels_without_loss(system: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    make = maker(system, request, tmp_path)
    source, goal = make(), make()
    source.ask(*OWN_TYPES[system], *statements(system))
    data = read_database(source.address)
    with DatabaseWriter(goal.address, data.schema, mode="create") as writer:
        writer.write(data)
    assert goal.ask(CATALOGUE[system]) == source.ask(CATALOGUE[system])
    queries = [f"SELECT id, {TEXT[system]} FROM t{place:03} ORDER BY id" for place in range(len(CELLS[system]))]
    for (type_, cells), before, after in zip(
        CELLS[system].items(), source.answers(*queries), goal.answers(*queries), strict=True
    ):
        assert after == before, type_
        assert len(before) == len(cells) + 1, type_


def statements(system: str) -> list[str]:
    """A table for every type, with a row for every cell, and one of NULL."""
    out = []
    for place, (type_, cells) in enumerate(CELLS[system].items()):
        rows = enumerate([*cells, "NULL"])
        out.append(f"CREATE TABLE t{place:03} (id int PRIMARY KEY, v {type_})")
        out += [f"INSERT INTO t{place:03} VALUES ({number}, {cell})" for number, cell in rows]
    return ["BEGIN", *out, "COMMIT"]
