"""What the formats of JSON Schema look like, as regular expressions: usual values, and where those do not fit, more.

Hosts are those of RFC 2606, which belong to nobody.
"""

from collections.abc import Mapping

__all__ = ["FORMATS", "WORD", "WORDS"]

DAY = (
    r"((19[789]\d|20[0-4]\d)-((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|02-(0[1-9]|1\d|2[0-8]))"
    r"|20([02]4|[048]8|[13]2)-02-29)"
)
CLOCK = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d"
ZONE = r"(Z|[+-](0\d|1[0-2]):[03]0)"
SYLLABLE = "[bdfgklmnprstvz][aeiou]"
WORD = f"({SYLLABLE}){{2,4}}"
WORDS = f"{WORD}( {WORD})?"
HOST = rf"({WORD}\.)?example\.(com|org|net)"
URI = rf"https?://{HOST}(/{WORD}){{0,2}}"
OCTET = r"(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
NAME = "[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?"
SEGMENTS = r"(/[A-Za-z0-9._~@-]+)*/?"
DOMAIN = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[1-9]\d{0,3})?"
ANY_URI = rf"[a-z][a-z0-9+.-]{{0,12}}:(//{DOMAIN}|[A-Za-z0-9._~@-]+){SEGMENTS}(\?[a-z0-9=&._-]*)?(#[A-Za-z0-9._~/-]*)?"
LOOSE = "[ -~]*"  # of formats that nobody checks

FORMATS: Mapping[str, tuple[str, ...]] = {
    "date": (DAY,),
    "time": (CLOCK + ZONE, CLOCK + r"\.\d{1,6}" + ZONE),
    "date-time": (f"{DAY}T{CLOCK}Z", f"{DAY}T{CLOCK}(\\.\\d{{1,6}})?{ZONE}"),
    "duration": (r"P([1-9]\d?D(T([1-9]|1\d)H)?|T[1-9]H([1-5]\d?M)?|[1-9]W|[1-9]Y([1-9]M)?)",),
    "email": (
        rf"{WORD}@example\.(com|org|net)",
        rf"[a-z0-9]{{1,20}}(\.[a-z0-9]{{1,20}})?@({NAME}\.){{1,3}}[a-z]{{2,9}}",
    ),
    "hostname": (HOST, rf"({NAME}\.){{0,3}}[a-z]{{1,20}}"),
    "ipv4": (rf"({OCTET}\.){{3}}{OCTET}",),
    "ipv6": (r"2001:db8(:[1-9a-f][0-9a-f]{0,3}){6}", r"::1|[0-9a-f]{1,4}(:[0-9a-f]{1,4}){7}"),
    "uri": (URI, ANY_URI),
    "uri-reference": (f"{URI}|(/{WORD}){{1,3}}", f"{ANY_URI}|[A-Za-z0-9._~/-]*"),
    "uri-template": (rf"{URI}/\{{{WORD}\}}", f"{URI}|[A-Za-z0-9._~/-]*"),
    "uuid": (
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
        "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
    ),
    "json-pointer": (f"(/{WORD}){{1,3}}", "(/[A-Za-z0-9]*){0,9}"),
    "relative-json-pointer": (rf"\d(/{WORD}){{1,2}}", "[1-9]?[0-9](#|(/[A-Za-z0-9]*){0,9})"),
    "regex": (rf"\^{SYLLABLE}\[a-z0-9\][+*]\$", "[A-Za-z0-9 _-]*"),
    "byte": ("([A-Za-z0-9+/]{4}){2,6}", "([A-Za-z0-9+/]{4})*", LOOSE),
    "json-string": (rf'"{WORD}"|[1-9]\d{{0,3}}|true|null|\[\]|\{{\}}',),
    "password": ("[A-Za-z0-9!%&=?+-]{8,16}", "[A-Za-z0-9!%&=?+-]*", LOOSE),
    "color": ("#[0-9a-f]{6}", "#[0-9A-Fa-f]{3}([0-9A-Fa-f]{3})?", LOOSE),
    "int32": (r"0|-?[1-9]\d{0,8}", LOOSE),
    "int64": (r"0|-?[1-9]\d{0,17}", LOOSE),
    "uint64": (r"0|[1-9]\d{0,17}", LOOSE),
    "decimal": (r"0\.\d\d|[1-9]\d{0,4}\.\d\d", LOOSE),
}
"""From the usual to the rare; other formats say nothing."""
IP_RANGES = {
    "ipv4network": (r"10\.\d\.0\.0/16",),
    "ipv6network": ("2001:db8::/32",),
    "ipv4interface": (rf"10\.\d\.{OCTET}\.{OCTET}/16",),
    "ipv6interface": ("2001:db8::[1-9a-f][0-9a-f]{0,3}/64",),
}
"""What pydantic calls so."""
VERSIONS = {
    f"uuid{version}": (f"[0-9a-f]{{8}}-[0-9a-f]{{4}}-{version}[0-9a-f]{{3}}-[89ab][0-9a-f]{{3}}-[0-9a-f]{{12}}",)
    for version in range(1, 9)
}
SAME = {
    "idn-email": "email",
    "idn-hostname": "hostname",
    "iri": "uri",
    "url": "uri",
    "iri-reference": "uri-reference",
    "datetime": "date-time",
    "ip": "ipv4",
    "ip-address": "ipv4",
    "host-name": "hostname",
    "guid": "uuid",
    "base64": "byte",
    "ipvanyaddress": "ipv4",
}
FORMATS = {**FORMATS, **IP_RANGES, **VERSIONS, **{name: FORMATS[meant] for name, meant in SAME.items()}}
