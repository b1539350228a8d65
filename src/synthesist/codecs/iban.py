"""International bank account numbers: what they look like in each country, and their check digits.

Reference: ISO 13616-1:2020 and the IBAN registry kept by SWIFT; check digits are of ISO/IEC 7064, MOD 97-10.
"""

import re
from string import ascii_uppercase, digits

import numpy as np

__all__ = ["COUNTRIES", "bban", "checked", "layout"]

COUNTRIES = {
    "AD": "8n12c",
    "AE": "19n",
    "AL": "8n16c",
    "AT": "16n",
    "AZ": "4a20c",
    "BA": "16n",
    "BE": "12n",
    "BG": "4a6n8c",
    "BH": "4a14c",
    "BR": "23n1a1c",
    "BY": "4c4n16c",
    "CH": "5n12c",
    "CR": "18n",
    "CY": "8n16c",
    "CZ": "20n",
    "DE": "18n",
    "DK": "14n",
    "DO": "4c20n",
    "EE": "16n",
    "EG": "25n",
    "ES": "20n",
    "FI": "14n",
    "FO": "14n",
    "FR": "10n11c2n",
    "GB": "4a14n",
    "GE": "2a16n",
    "GI": "4a15c",
    "GL": "14n",
    "GR": "7n16c",
    "GT": "24c",
    "HR": "17n",
    "HU": "24n",
    "IE": "4a14n",
    "IL": "19n",
    "IQ": "4a15n",
    "IS": "22n",
    "IT": "1a10n12c",
    "JO": "4a4n18c",
    "KW": "4a22c",
    "KZ": "3n13c",
    "LB": "4n20c",
    "LC": "4a24c",
    "LI": "5n12c",
    "LT": "16n",
    "LU": "3n13c",
    "LV": "4a13c",
    "LY": "21n",
    "MC": "10n11c2n",
    "MD": "20c",
    "ME": "18n",
    "MK": "3n10c2n",
    "MR": "23n",
    "MT": "4a5n18c",
    "MU": "4a19n3a",
    "NL": "4a10n",
    "NO": "11n",
    "PK": "4a16c",
    "PL": "24n",
    "PS": "4a21c",
    "PT": "21n",
    "QA": "4a21c",
    "RO": "4a16c",
    "RS": "18n",
    "SA": "2n18c",
    "SC": "4a20n3a",
    "SE": "20n",
    "SI": "15n",
    "SK": "20n",
    "SM": "1a10n12c",
    "ST": "21n",
    "SV": "4a20n",
    "TL": "19n",
    "TN": "20n",
    "TR": "6n16c",
    "UA": "6n19c",
    "VA": "18n",
    "VG": "4a16n",
    "XK": "16n",
}
"""What follows the check digits, as the registry writes it: n digits, a capitals, c both."""

VALUES = np.array([int(chr(code), 36) if chr(code).isalnum() else 0 for code in range(128)], dtype=np.int32)
SCALES = np.where(VALUES < 10, 10, 100).astype(np.int32)  # a letter counts as two digits, A as 10
CLASSES = {"n": "[0-9]", "a": "[A-Z]", "c": "[0-9A-Z]"}


def bban(country: str) -> str:
    """The account numbers of a country as a regular expression.

    >>> bban("GB")
    '[A-Z]{4}[0-9]{14}'
    """
    return "".join(f"{CLASSES[sign]}{{{n}}}" for n, sign in re.findall(r"(\d+)([nac])", COUNTRIES[country]))


def layout(country: str) -> list[str]:
    """The signs that may stand at each place of the account numbers of a country.

    >>> layout("NO")[0]
    '0123456789'
    """
    signs = {"n": digits, "a": ascii_uppercase, "c": digits + ascii_uppercase}
    return [signs[sign] for n, sign in re.findall(r"(\d+)([nac])", COUNTRIES[country]) for _ in range(int(n))]


def checked(country: str, account: np.ndarray) -> np.ndarray:
    """The whole numbers of these accounts, all as ASCII codes [row, place].

    >>> account = np.array([[*b"370400440532013000"]], dtype=np.uint8)
    >>> checked("DE", account).tobytes()
    b'DE89370400440532013000'
    """
    whole = np.empty((len(account), 4 + account.shape[1]), dtype=np.uint8)
    whole[:, :4] = [*f"{country}00".encode()]
    whole[:, 4:] = account
    rest = np.zeros(len(account), dtype=np.int32)
    for sign in np.roll(whole, -4, axis=1).T:  # the country and two zeros come last
        rest = (rest * SCALES[sign] + VALUES[sign]) % 97
    whole[:, 2] += (98 - rest).astype(np.uint8) // 10
    whole[:, 3] += (98 - rest).astype(np.uint8) % 10
    return whole
