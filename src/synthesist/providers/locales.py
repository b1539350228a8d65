"""What differs from country to country in how names and addresses are written."""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["LOCALES", "Locale"]


@dataclass(frozen=True)
class Locale:
    """A language in a country.

    `regions` are the only regions of the country it is spoken in, where not in all. In `street` the sign {} is the name
    of the street and # the number of the house; in `line` stand the parts of a whole address.
    """

    country: str
    name: str
    titles: tuple[str, str]
    suffixes: tuple[str, ...]
    currency: str
    street: str = "{} #"
    line: str = "street, postcode city"
    family_first: bool = False
    joined: str = " "
    regions: tuple[str, ...] = ()


LOCALES: Mapping[str, Locale] = {
    "cs_CZ": Locale("CZ", "Česko", ("Paní", "Pan"), ("s.r.o.", "a.s.", "k.s."), "CZK"),
    "da_DK": Locale("DK", "Danmark", ("Fru", "Hr."), ("A/S", "ApS"), "DKK"),
    "de_AT": Locale("AT", "Österreich", ("Frau", "Herr"), ("GmbH", "AG", "KG", "OG"), "EUR"),
    "de_CH": Locale("CH", "Schweiz", ("Frau", "Herr"), ("AG", "GmbH", "& Co."), "CHF"),
    "de_DE": Locale("DE", "Deutschland", ("Frau", "Herr"), ("GmbH", "AG", "GmbH & Co. KG", "e.K.", "KG"), "EUR"),
    "en_GB": Locale(
        "GB", "United Kingdom", ("Ms", "Mr"), ("Ltd", "PLC", "LLP"), "GBP", "# {}", "street, city, postcode"
    ),
    "en_US": Locale(
        "US", "United States", ("Ms.", "Mr."), ("Inc.", "LLC", "Corp."), "USD", "# {}", "street, city, code postcode"
    ),
    "es_AR": Locale("AR", "Argentina", ("Sra.", "Sr."), ("S.A.", "S.R.L."), "ARS"),
    "es_ES": Locale("ES", "España", ("Sra.", "Sr."), ("S.A.", "S.L.", "S.L.U.", "S.Coop."), "EUR", "{}, #"),
    "fi_FI": Locale("FI", "Suomi", ("Rouva", "Herra"), ("Oy", "Oyj", "Ky", "Tmi"), "EUR"),
    "fr_BE": Locale(
        "BE", "Belgique", ("Mme", "M."), ("SA", "SRL"), "EUR", "{} #", regions=("Wallonie", "Bruxelles-Capitale")
    ),
    "fr_FR": Locale("FR", "France", ("Mme", "M."), ("SA", "SARL", "SAS", "et Fils"), "EUR", "# {}"),
    "hu_HU": Locale(
        "HU", "Magyarország", ("Asszony", "Úr"), ("Kft.", "Zrt.", "Bt.", "Nyrt."), "HUF", "{} #.", family_first=True
    ),
    "it_IT": Locale(
        "IT",
        "Italia",
        ("Sig.ra", "Sig."),
        ("S.r.l.", "S.p.A.", "e figli"),
        "EUR",
        "{}, #",
        "street, postcode city code",
    ),
    "ja_JP": Locale(
        "JP", "日本", ("様", "様"), ("株式会社", "有限会社"), "JPY", "{}#", "postcode regioncitystreet", True, " "
    ),
    "nb_NO": Locale("NO", "Norge", ("Fru", "Herr"), ("AS", "ASA"), "NOK"),
    "nl_BE": Locale("BE", "België", ("Mevr.", "Dhr."), ("NV", "BV"), "EUR", regions=("Vlaanderen",)),
    "nl_NL": Locale("NL", "Nederland", ("Mevr.", "Dhr."), ("B.V.", "N.V.", "V.O.F."), "EUR"),
    "pl_PL": Locale("PL", "Polska", ("Pani", "Pan"), ("Sp. z o.o.", "S.A.", "Sp.j.", "Sp.k."), "PLN"),
    "pt_BR": Locale(
        "BR", "Brasil", ("Sra.", "Sr."), ("Ltda.", "S.A.", "e Filhos"), "BRL", "{}, #", "street, city - code, postcode"
    ),
    "sv_SE": Locale("SE", "Sverige", ("Fru", "Herr"), ("AB", "HB", "KB"), "SEK"),
    "tr_TR": Locale(
        "TR", "Türkiye", ("Bayan", "Bay"), ("A.Ş.", "Ltd. Şti."), "TRY", "{} No: #", "street, postcode city/region"
    ),
    "zh_CN": Locale(
        "CN",
        "中国",
        ("女士", "先生"),
        ("有限公司", "科技有限公司"),
        "CNY",
        "{}#号",
        "regioncitystreet postcode",
        True,
        "",
    ),
}
