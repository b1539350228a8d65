"""The telephone area of a place: what its numbers begin with, and how many digits follow.

A pattern such as `+1 212 555 01##` has a sign # for each digit that is drawn. Where a country has set numbers aside
for films and books, the pattern is of those (SOURCES.md names the rule); else it is an area code of the package
phonenumbers, and a number drawn may be that of somebody.
"""

import re
import unicodedata
from functools import cache
from math import hypot

from phonenumbers.geodata import GEOCODE_DATA

__all__ = ["phones"]

DIAL = {
    "AR": 54,
    "AT": 43,
    "BE": 32,
    "BR": 55,
    "CH": 41,
    "CN": 86,
    "CZ": 420,
    "DE": 49,
    "DK": 45,
    "ES": 34,
    "FI": 358,
    "FR": 33,
    "GB": 44,
    "HU": 36,
    "IT": 39,
    "JP": 81,
    "NL": 31,
    "NO": 47,
    "PL": 48,
    "SE": 46,
    "TR": 90,
    "US": 1,
}
LENGTH = {"AR": 10, "AT": 10, "BE": 8, "BR": 10, "CH": 9, "CN": 10, "CZ": 9, "DK": 8, "ES": 9, "FI": 9, "HU": 8} | {
    "IT": 10,
    "JP": 9,
    "NL": 9,
    "NO": 8,
    "PL": 9,
    "TR": 10,
}
"""Digits after the country code of a number in a land line of the capital; where lengths vary, one that is usual."""

FICTION: dict[str, list[tuple[float, float, str]]] = {
    "DE": [
        (52.52, 13.41, "+49 30 23125 ###"),
        (50.11, 8.68, "+49 69 90009 ###"),
        (53.55, 9.99, "+49 40 66969 ###"),
        (50.94, 6.96, "+49 221 4710 ###"),
        (48.14, 11.58, "+49 89 99998 ###"),
    ],
    "SE": [
        (57.71, 11.97, "+46 31 390 06 ##"),
        (55.60, 13.00, "+46 40 628 04 ##"),
        (59.33, 18.07, "+46 8 465 004 ##"),
        (67.86, 20.23, "+46 980 319 2##"),
    ],
}
"""Where, and the numbers set aside there."""

BRITISH = {
    "london": "20 7946 0###",
    "leeds": "113 496 0###",
    "sheffield": "114 496 0###",
    "nottingham": "115 496 0###",
    "leicester": "116 496 0###",
    "bristol": "117 496 0###",
    "reading": "118 496 0###",
    "birmingham": "121 496 0###",
    "edinburgh": "131 496 0###",
    "glasgow": "141 496 0###",
    "liverpool": "151 496 0###",
    "manchester": "161 496 0###",
    "newcastleupontyne": "191 498 0###",
    "belfast": "28 9649 6###",
    "cardiff": "29 2018 0###",
}
MAIN = {
    "AR": {"Buenos Aires": "11", "Salta": "387"},
    "AT": {"Wien": "1", "Klagenfurt": "463"},
    "BE": {"Liège": "4", "Bruxelles-Capitale": "2"},
    "BR": {"Belo Horizonte": "31"},
    "CN": {"成都市": "28"},
    "CZ": {
        "Hlavní město Praha": "2",
        "Středočeský kraj": "31",
        "Karlovarský kraj": "35",
        "Plzeňský kraj": "37",
        "Jihočeský kraj": "38",
        "Ústecký kraj": "47",
        "Liberecký kraj": "48",
        "Královéhradecký kraj": "49",
        "Pardubický kraj": "46",
        "Kraj Vysočina": "56",
        "Jihomoravský kraj": "54",
        "Zlínský kraj": "57",
        "Olomoucký kraj": "58",
        "Moravskoslezský kraj": "59",
    },
    "FI": {"Espoo": "9", "Vantaa": "9", "Helsinki": "9", "Pirkanmaa": "3", "Turku": "2", "Oulu": "8"},
    "JP": {"大阪市": "6", "東京都": "3", "福岡市": "92", "さいたま市": "48"},
    "NL": {"'s-Gravenhage": "70", "Den Haag": "70"},
    "NO": {"Bergen": "55", "Trondheim": "73", "Kristiansand": "38", "Oslo": "22", "Tromsø": "77", "Drammen": "32"},
}
"""Area codes of large cities, and of regions, that the package has under other names."""

FRENCH = {
    "1 99 00 ## ##": ("Île-de-France",),
    "2 61 91 ## ##": ("Bretagne", "Normandie", "Pays de la Loire", "Centre-Val de Loire"),
    "3 53 01 ## ##": ("Grand Est", "Hauts-de-France", "Bourgogne-Franche-Comté"),
    "4 65 71 ## ##": ("Auvergne-Rhône-Alpes", "Provence-Alpes-Côte d'Azur", "Corse"),
    "5 36 49 ## ##": ("Nouvelle-Aquitaine", "Occitanie"),
}
ZONES = {region: digits for digits, regions in FRENCH.items() for region in regions}


def phones(country: str, places: list[tuple[str, str, str, float, float]]) -> list[str]:
    """The pattern of each place (city, region, its code, latitude, longitude); without an area that of the nearest."""
    found = [pattern(country, *place) for place in places]
    known = [(*place[3:], each) for place, each in zip(places, found, strict=True) if each]
    known = list(dict.fromkeys(known))
    return [each or nearest(known, *place[3:]) for place, each in zip(places, found, strict=True)]


def pattern(country: str, city: str, region: str, code: str, latitude: float, longitude: float) -> str:
    """Of the numbers set aside, or of the area; empty where no area is known."""
    dial = f"+{DIAL[country]}"
    match country:
        case "GB":
            return f"{dial} {BRITISH.get(key(city), '1632 960 ###')}"
        case "FR":
            return f"{dial} {ZONES[region.replace('’', chr(39))]}"
        case "DE" | "SE":
            return nearest(FICTION[country], latitude, longitude)
        case "DK":
            return f"{dial} 3### ####"
    main, known = MAIN.get(country, {}), areas(country)
    names = [key(f"{city} {code}"), key(f"{city} {region}"), *(() if country == "US" else [key(city)]), key(region)]
    area = main.get(city) or main.get(region) or next((known[name] for name in names if name in known), "")
    if country == "US":
        return f"{dial} {area} 555 01##" if area else ""
    left = LENGTH[country] - len(area)
    groups = ["#" * left] if left <= 4 else ["#" * (left - 4), "#" * 4]
    return " ".join([dial, area, *groups]) if area else ""


def nearest(known: list[tuple[float, float, str]], latitude: float, longitude: float) -> str:
    return min(known, key=lambda each: hypot(each[0] - latitude, (each[1] - longitude) / 1.6), default=(0, 0, ""))[2]


@cache
def areas(country: str) -> dict[str, str]:
    """The shortest area code of each city or region, by every name the package has of it."""
    dial = str(DIAL[country])
    out: dict[str, str] = {}
    for prefix, names in sorted(GEOCODE_DATA.items(), key=lambda item: (len(item[0]), item[0])):
        code = prefix.removeprefix(dial)
        if not prefix.startswith(dial) or not fits(country, code):
            continue
        code = code[: {"BR": 2, "US": 3}.get(country)]
        for name in set(names.values()):
            for each in {name, name.split(",")[0], re.split(r" - | \(|/", name)[0], *name.split("/")}:
                out.setdefault(key(each.removesuffix("市")), code)
                out.setdefault(key(re.sub(".+[省区]", "", each)), code)
    return {name: code for name, code in out.items() if name}


def fits(country: str, code: str) -> bool:
    """Whether this is an area code, and not a mobile network or the beginning of single numbers."""
    match country:
        case "US":
            return len(code) >= 3
        case "BR":
            return 2 <= len(code) <= 4
        case "ES":
            return len(code) <= 4 and code[0] == "9"
        case "CN":
            return len(code) <= 4 and not re.match("1[3-9]", code)
    return 1 <= len(code) <= 4


def key(name: str) -> str:
    split = unicodedata.normalize("NFKD", name.casefold().replace("ı", "i").replace("ł", "l").replace("ø", "o"))
    return "".join(sign for sign in split if sign.isalnum()).removesuffix("市")
