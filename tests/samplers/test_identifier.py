"""Identifiers: check digits against published numbers and the arithmetic of a book, prefixes, never one twice."""

import json

import polars as pl
import pytest
import yaml

import synthesist as sy
from synthesist.codecs.iban import COUNTRIES
from synthesist.core import Allowed, Context
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Id, Text
from synthesist.errors import ConditionError, DataError, SpecError
from synthesist.samplers.columns import Columns
from synthesist.samplers.columns.identifier import Identifier
from synthesist.verbs.drawing import sample

REGISTRY = """
AD1200012030200359100100 AE070331234567890123456 AL47212110090000000235698741 AT611904300234573201
AZ21NABZ00000000137010001944 BA391290079401028494 BE68539007547034 BG80BNBG96611020345678
BH67BMAG00001299123456 BR9700360305000010009795493P1 BY13NBRB3600900000002Z00AB00 CH9300762011623852957
CR05015202001026284066 CY17002001280000001200527600 CZ6508000000192000145399 DE89370400440532013000
DK5000400440116243 DO28BAGR00000001212453611324 EE382200221020145685 EG380019000500000000263180002
ES9121000418450200051332 FI2112345600000785 FO6264600001631634 FR1420041010050500013M02606
GB29NWBK60161331926819 GE29NB0000000101904917 GI75NWBK000000007099453 GL8964710001000206
GR1601101250000000012300695 GT82TRAJ01020000001210029690 HR1210010051863000160 HU42117730161111101800000000
IE29AIBK93115212345678 IL620108000000099999999 IQ98NBIQ850123456789012 IS140159260076545510730339
IT60X0542811101000000123456 JO94CBJO0010000000000131000302 KW81CBKU0000000000001234560101
KZ86125KZT5004100100 LB62099900000001001901229114 LC55HEMM000100010012001200023015 LI21088100002324013AA
LT121000011101001000 LU280019400644750000 LV80BANK0000435195001 LY83002048000020100120361
MC5811222000010123456789030 MD24AG000225100013104168 ME25505000012345678951 MK07250120000058984
MR1300020001010000123456753 MT84MALT011000012345MTLCAST001S MU17BOMM0101101030300200000MUR
NL91ABNA0417164300 NO9386011117947 PK36SCBL0000001123456702 PL61109010140000071219812874
PS92PALS000000000400123456702 PT50000201231234567890154 QA58DOHB00001234567890ABCDEFG
RO49AAAA1B31007593840000 RS35260005601001611379 SA0380000000608010167519 SC18SSCB11010000000000001497USD
SE4550000000058398257466 SI56263300012039086 SK3112000000198742637541 SM86U0322509800000000270100
ST68000100010051845310112 SV62CENR00000000000000700025 TL380080012345678910157 TN5910006035183598478831
TR330006100519786457841326 UA213223130000026007233566001 VA59001123000012345678 VG96VPVG0000012345678901
XK051212012345678906
"""
IBANS = REGISTRY.split()

PUBLISHED = {
    "luhn": ["4111111111111111", "5555555555554444"],
    "imei": ["490154203237518"],
    "ean13": ["4006381333931", "9780306406157"],
    "ean8": ["73513537", "96385074"],
    "upca": ["036000291452"],
    "gtin14": ["10614141000415"],
    "isbn13": ["9780306406157", "9783161484100"],
    "isbn10": ["0306406152", "097522980X"],
}


def gtin(text: str) -> bool:
    return sum(int(d) * (1, 3)[i % 2] for i, d in enumerate(reversed(text))) % 10 == 0


def luhn(text: str) -> bool:
    return sum(sum(map(int, str(int(d) * (1, 2)[i % 2]))) for i, d in enumerate(reversed(text))) % 10 == 0


def isbn10(text: str) -> bool:
    return sum((10 - i) * ("0123456789X".index(d)) for i, d in enumerate(text)) % 11 == 0


def iban(text: str) -> bool:
    return int("".join(str(int(sign, 36)) for sign in text[4:] + text[:4])) % 97 == 1


RIGHT = {"luhn": luhn, "imei": luhn, "isbn10": isbn10, "iban": iban} | dict.fromkeys(
    ("ean8", "ean13", "upca", "gtin14", "isbn13"), gtin
)


def declared(**options: object) -> Columns:
    return Columns.build({"columns": {"x": {"is": "identifier", **options}}})


def one(n: int, start: int = 0, **options: object) -> pl.Series:
    return declared(**options).sample(n, Context(path=("0", "block", str(start)), start=start)).table["x"]


def drawn_from(values: tuple[str, ...], **options: object) -> set[str]:
    """Which of these values the column can take."""
    column = declared(**options).columns["x"]
    return {value for value in values if column.share(Allowed(values=(value,)))}


# --------------------------------------------------------------------------- check digits


@pytest.mark.parametrize("text", IBANS, ids=lambda text: text[:2])
def test_published_ibans_are_among_those_drawn(text: str) -> None:
    assert iban(text)
    wrong = text[:2] + f"{(int(text[2:4]) + 1) % 100:02}" + text[4:]
    assert drawn_from((text, wrong, text[:-1], text + "0"), scheme="iban", country=text[:2]) == {text}


@pytest.mark.parametrize("country", COUNTRIES)
def test_ibans_of_every_country_are_right(country: str) -> None:
    made = one(200, scheme="iban", country=country)
    assert all(map(iban, made)) and made.str.starts_with(country).all()


@pytest.mark.parametrize("scheme", PUBLISHED)
def test_published_numbers_are_among_those_drawn_and_others_are_not(scheme: str) -> None:
    for text in PUBLISHED[scheme]:
        others = tuple(text[:-1] + digit for digit in "0123456789X")
        assert drawn_from((*others, text[:-1], ""), scheme=scheme) == {text}


@pytest.mark.parametrize("scheme", PUBLISHED)
def test_numbers_are_right_and_of_their_length(scheme: str) -> None:
    made = one(2000, scheme=scheme)
    assert all(map(RIGHT[scheme], made))
    assert made.str.len_chars().unique().to_list() == [len(PUBLISHED[scheme][0])]
    assert made.n_unique() > 1900
    assert len(made.str.tail(1).unique()) == (11 if scheme == "isbn10" else 10)


def test_prefixes_and_lengths() -> None:
    cards = one(3000, scheme="luhn", prefix="3[47]", length=15)
    assert all(map(luhn, cards)) and cards.str.contains("^3[47][0-9]{13}$").all()
    assert cards.str.starts_with("34").mean() == pytest.approx(0.5, abs=0.04)
    assert one(500, scheme="isbn13").str.contains("^978|^979[18]").all()
    assert one(500, scheme="isbn13", prefix="978").str.starts_with("978").all()


# --------------------------------------------------------------------------- unique, kinds, conditions


@pytest.mark.parametrize(
    "options",
    [
        {"scheme": "luhn", "prefix": "4"},
        {"scheme": "iban", "country": "GB"},
        {"scheme": "iban", "country": "MT"},
        {"scheme": "isbn10"},
    ],
)
def test_unique_over_blocks(options: dict[str, object]) -> None:
    whole = one(40_000, unique=True, **options)
    assert whole.n_unique() == 40_000 and not whole.is_sorted()
    assert pl.concat([one(20_000, start=s, unique=True, **options) for s in (0, 20_000)]).equals(whole)
    assert all(map(RIGHT[str(options["scheme"])], whole.head(500)))


def test_every_number_once_and_no_more() -> None:
    spec = declared(scheme="ean8", prefix="12345", unique=True)
    assert sample(spec, 100)["x"].n_unique() == 100
    with pytest.raises(DataError, match="only 100 different"):
        sample(spec, 101)


def test_kinds_and_files(tmp_path) -> None:
    spec = Columns.build(
        yaml.safe_load("""
        columns:
          account: {is: identifier, scheme: iban, country: DE, unique: true}
          card: {is: identifier, scheme: luhn, prefix: "4", missing: 0.2}
          upc: {is: identifier, scheme: upca, prefix: "00", unique: true}
        """)
    )
    kinds = spec.schema.table.columns
    assert kinds["account"] == Id(pattern=r"\D\E" + "9" * 20)
    assert kinds["card"] == Text(missing=True)
    assert kinds["upc"] == Id(pattern="00" + "9" * 10)
    table = sample(spec, 200).table
    table.write_csv(tmp_path / "t.csv")
    assert sy.read(tmp_path / "t.csv", schema=spec.schema).table.equals(table)
    assert sy.read(tmp_path / "t.csv").kinds["account"].pii == "iban"
    written = json.loads(json.dumps(spec.describe()))
    written.pop("kind")
    assert Columns.build(written) == spec


def test_conditions() -> None:
    spec = declared(scheme="ean8", prefix="123456")
    every = set(sample(spec, 500)["x"])
    assert len(every) == 10
    first, second, *rest = sorted(every)
    assert set(sample(spec, 300, where={"x": [first, second]})["x"]) == {first, second}
    assert set(sample(spec, 500, where={"x": ("!=", first)})["x"]) == {second, *rest}
    empty = Dataset({"table": pl.DataFrame({"x": pl.Series([None], dtype=pl.String)})}, spec.schema)
    with pytest.raises(ConditionError, match="`x` cannot be conditioned like this: `ean8` is drawn from all numbers"):
        spec.fill(empty, {"x": Allowed(low=first)}, Context.seeded(0))
    with pytest.raises(ConditionError, match="`x` never takes a value"):
        spec.fill(empty, {"x": Allowed(values=("12345678",))}, Context.seeded(0))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"scheme": "iban"}, "no country of IBANs"),
        ({"scheme": "iban", "country": "DEU"}, "no country `DEU` of IBANs. Did you mean `DE`"),
        ({"scheme": "iban", "country": "DE", "prefix": "3"}, "leave `prefix` out"),
        ({"scheme": "ean13", "length": 12}, "`ean13` is as long as its standard says"),
        ({"scheme": "ean13", "country": "DE"}, "`country` is for `iban` only"),
        ({"scheme": "luhn", "prefix": "4a"}, "holds more than digits"),
        ({"scheme": "luhn", "prefix": "4|51"}, "of different lengths"),
        ({"scheme": "luhn", "prefix": "4+"}, "of different lengths"),
        ({"scheme": "luhn", "prefix": "1234", "length": 4}, "leaves no room"),
        ({"scheme": "lun"}, "Input should be 'luhn'"),
    ],
)
def test_faults(options: dict[str, object], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        declared(**options)


def test_the_registry_holds_what_the_examples_hold() -> None:
    assert len(COUNTRIES) >= 30
    assert {text[:2] for text in IBANS} == set(COUNTRIES)
    assert Identifier(scheme="iban", country="DE").language.count == 10**18
