# ruff: noqa: E501  # rows of the lists, as they stand in the files
"""Made-up lists in the formats that people have, and a made-up universe of known names to find in them."""

from __future__ import annotations

import csv
import io
import json
import random
import string
from dataclasses import dataclass

from positioning.screening.universe import ScreenedInstrument

STEMS = ("Zarek", "Tumen", "Bolat", "Kordai", "Shymbulak", "Altyn", "Ertis", "Zhaik", "Dostyk", "Khorgos", "Taraz", "Saryarka",
         "Yessil", "Balkhash", "Mangystau", "Temir", "Qarqaraly", "Orenda", "Volzhsk", "Chusovoi", "Kuznetsk", "Yakutsk",
         "Tsimlyan", "Shchuchinsk", "Huaxin", "Jinlong", "Xiangyu", "Zhongtai", "Qingfeng", "Yuejin", "Baoshan", "Liuhe")  # fmt: skip
TAILS = (
    "ov",
    "an",
    "inol",
    "mash",
    "gor",
    "vest",
    "lin",
    "sten",
    "ar",
    "tek",
    "um",
    "ridge",
    "fold",
    "way",
    "mont",
    "berg",
)
TRADES = (
    "Mining",
    "Chemicals",
    "Rail",
    "Machinery",
    "Logistics",
    "Energy",
    "Steel",
    "Shipping",
    "Bank",
    "Fertilizer",
)
FORMS = (("Ltd", "Limited"), ("JSC", "Joint Stock Company"), ("PJSC", "Public Joint Stock Company"), ("LLC", "OOO"),
         ("Co., Ltd.", "Company Limited"), ("plc", "PLC"), ("AG", "Aktiengesellschaft"), ("A.S.", "AS"))  # fmt: skip
# The same sounds in other romanisations.
SOUNDS = (
    ("kh", "h"),
    ("zh", "j"),
    ("ts", "tz"),
    ("shch", "sch"),
    ("q", "k"),
    ("ya", "ia"),
    ("yu", "iu"),
    ("ei", "ey"),
)


@dataclass(frozen=True)
class Made:
    """A universe and, by symbol, the name it bears on a list."""

    universe: list[ScreenedInstrument]
    listed: dict[str, str]


def isin_of(number: int) -> str:
    """An ISIN of a country that is none, with a right check digit."""
    body = f"XX{number:09d}"
    digits = "".join(str(int(c, 36)) for c in body)
    doubled = [int(d) * (1 if n % 2 else 2) for n, d in enumerate(reversed(digits))]
    return body + str(-sum(d // 10 + d % 10 for d in doubled) % 10)


def lei_of(number: int) -> str:
    """A legal entity identifier with right check digits."""
    body = f"9999{number:014d}"
    return body + f"{98 - int(body + '00') % 97:02d}"


def made(size: int = 500, seed: int = 7) -> Made:
    """Names of two or three words, and each as a list may write it: form, order, transliteration or alias changed."""
    draw = random.Random(seed)  # noqa: S311
    universe, listed, used = [], {}, set()
    while len(universe) < size:
        own = f"{draw.choice(STEMS)}{draw.choice(TAILS)}"
        trade, forms = draw.choice(TRADES), draw.choice(FORMS)
        if own in used:
            own = f"{own} {draw.choice(STEMS)}"
            if own in used:
                continue
        used.add(own)
        n, short = len(universe), f"{own} {trade[:4]}o"
        symbol = f"S{n:03d}"
        universe.append(
            ScreenedInstrument(
                symbol, (f"{own} {trade} {forms[0]}", short), (isin_of(n),), (lei_of(n),), "KZ"
            )
        )
        listed[symbol] = changed(own, trade, forms, short, draw)
    return Made(universe, listed)


def changed(own: str, trade: str, forms: tuple[str, str], short: str, draw: random.Random) -> str:
    """The name as another clerk writes it."""
    way = draw.choice(("form", "order", "sound", "alias", "case", "typo"))
    if way == "form":
        return f"{own} {trade} {forms[1]}"
    if way == "order":
        return f"{forms[1]} {trade} {own}"
    if way == "alias":
        return short.upper()
    if way == "case":
        return f'{forms[1].upper()} "{own.upper()} {trade.upper()}"'
    if way == "typo":
        at = draw.randrange(2, len(own) - 1)
        return f"{own[:at]}{own[at + 1 :]} {trade} {forms[0]}"
    spelt = own.lower()
    for here, there in SOUNDS:
        spelt = spelt.replace(here, there)
    return f"{spelt.title()} {trade} {forms[0]}"


def noise(count: int, seed: int = 11) -> list[str]:
    """Names that are nobody's of the universe."""
    draw = random.Random(seed)  # noqa: S311
    names = []
    for _ in range(count):
        word = "".join(draw.choice(string.ascii_lowercase) for _ in range(draw.randint(5, 9))).title()
        names.append(f"{word} {draw.choice(TRADES)} {draw.choice(FORMS)[0]}")
    return names


def _csv(rows: list[list[str]], delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue()


def as_targets(names: list[str], isins: list[str]) -> str:
    """OpenSanctions targets.simple.csv."""
    head = ["id", "schema", "name", "aliases", "birth_date", "countries", "addresses", "identifiers", "sanctions", "phones", "emails", "program_ids", "dataset", "first_seen", "last_seen", "last_change"]  # fmt: skip
    rows = [
        [f"NK-{n}", "Company", name, "", "", "kz", "", isin, "X - 2031-01-02", "", "", "EX", "A list",
         "2030-01-01T00:00:00", "2031-03-05T00:00:00", ""]
        for n, (name, isin) in enumerate(zip(names, isins, strict=True))
    ]  # fmt: skip
    return _csv([head, *rows])


def as_sdn(names: list[str], isins: list[str]) -> str:
    """OFAC sdn.csv."""
    none = "-0- "
    return _csv(
        [[str(n), name, none, "EX-EO1", *[none] * 7, f"ISIN {isin}" if isin else none]
         for n, (name, isin) in enumerate(zip(names, isins, strict=True), 90000)]
    )  # fmt: skip


def as_european(names: list[str], isins: list[str]) -> str:
    """The EU's CSV, some of its columns."""
    head = ["fileGenerationDate", "Entity_LogicalId", "Entity_EU_ReferenceNumber", "Entity_DesignationDate", "Entity_SubjectType", "Entity_SubjectType_ClassificationCode", "Entity_Regulation_PublicationDate", "Entity_Regulation_EntryIntoForceDate", "Entity_Regulation_NumberTitle", "Entity_Regulation_Programme", "NameAlias_WholeName", "Identification_Number"]  # fmt: skip
    rows = [
        [
            "05/03/2031",
            str(n),
            f"EU.{n}.1",
            "",
            "E",
            "enterprise",
            "2031-01-02",
            "2031-01-03",
            "2031/1",
            "EX",
            name,
            isin,
        ]
        for n, (name, isin) in enumerate(zip(names, isins, strict=True))
    ]
    return "\ufeff" + _csv([head, *rows], ";")


def as_screening_json(names: list[str], isins: list[str]) -> str:
    """The US Consolidated Screening List."""
    source = "Specially Designated Nationals (SDN) - Treasury Department"
    results = [
        {"_id": f"x{n}", "source": source, "type": "Entity", "programs": ["EX"], "name": name, "alt_names": [],
         "remarks": f"{isin}, ISIN" if isin else None}
        for n, (name, isin) in enumerate(zip(names, isins, strict=True))
    ]  # fmt: skip
    return json.dumps({"total": len(results), "results": results})


FORMATS = {"targets.csv": as_targets, "sdn.csv": as_sdn, "eu.csv": as_european, "csl.json": as_screening_json}
