"""Names made comparable: legal forms taken off, other scripts written in Latin letters, spellings folded."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import final

_LEGAL_FORMS = """
ab ae ag aktiebolag aktiengesellschaft aksiyonerdik aktsionernoe as asa ao bhd bv cjsc co company corp
corporation cv doo dd eood gk gmbh group grp holding holdings inc incorporated jsc kabushiki kaisha kg
kgaa kk limited llc llp lp ltd ltda mbh nv oao obshchestvo obschestvo ogranichennoy otvetstvennostyu
ojsc ooo oy oyj pao pjsc plc pao pte pty public publichnoe qk qogamy sa sab saa sarl sas sca sdn se
sicav societe societa sociedad anonima anonyme spa spk srl sti sirketi anonim tas tic ticaret sanayi too
tov tovarishchestvo zao zrt aktsiyalyk akcionernoe akcyjna spolka otkrytoe zakrytoe joint stock
liability private partnership the and und et of for ve i de del la
"""
LEGAL_FORMS = frozenset(_LEGAL_FORMS.split())
_GENERIC = """
asia africa america american austria bank banking belarus belarusian beijing britain business capital
central chemical chemicals china chinese construction development eastern electric energy engineering
enterprise enterprises equipment eurasia europe european export finance financial first foods fund
general global heavy hk hong hongkong import india industrial industries industry innovation insurance
international invest investment investments kazakh kazakhstan kong logistics machine machinery
management manufacturing marine material materials metal metals mining motor motors national new north
northern ocean oil pacific petroleum port ports power product products rail railway railways resources
russia russian science securities service services shanghai shenzhen shipping singapore south southern
state steel system systems tech technology technologies telecom trade trading transport transportation
truck trucks trust turkey turkish uk united us usa vehicle vehicles west western world
"""
GENERIC = frozenset(_GENERIC.split())

_CYRILLIC: Mapping[str, str] = MappingProxyType(
    dict(zip("абвгдезийклмнопрстуфхъыьэіқғңөұүһәўґј", "abvgdeziiklmnoprstufh-y-eikgnouuhaugj", strict=True))
    | {"ё": "e", "ж": "zh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "yu", "я": "ya", "ї": "yi",
       "є": "ye", "ъ": "", "ь": ""}
)  # fmt: skip
_LATIN: Mapping[str, str] = MappingProxyType(
    {"ß": "ss", "æ": "ae", "ø": "o", "å": "a", "đ": "d", "ł": "l", "ı": "i", "þ": "th", "ð": "d", "œ": "oe"}
)
# Spellings of one sound in different romanisations, longest first; applied to both sides alike.
_FOLDS = (
    ("shch", "s"), ("sch", "s"), ("tch", "c"), ("tsh", "c"), ("zh", "j"), ("dzh", "j"), ("dj", "j"), ("sh", "s"),
    ("ch", "c"), ("kh", "h"), ("gh", "g"), ("ts", "c"), ("tz", "c"), ("ph", "f"), ("ck", "k"), ("ks", "x"), ("cz", "c"),
    ("yu", "u"), ("iu", "u"), ("ju", "u"), ("ya", "a"), ("ia", "a"), ("ja", "a"), ("yo", "o"), ("io", "o"), ("jo", "o"),
    ("ye", "e"), ("ie", "e"), ("je", "e"), ("yi", "i"), ("iy", "i"), ("ij", "i"), ("ou", "u"), ("oo", "u"), ("ee", "i"),
    ("y", "i"), ("j", "i"), ("w", "v"), ("q", "k"), ("x", "ks"),
)  # fmt: skip
_CHINESE = re.compile(r"[\u3400-\u9fff]+")
_CHINESE_FORMS = re.compile(
    "股份有限公司|有限责任公司|有限責任公司|控股有限公司|有限公司|股份公司|集團|集团|公司|控股|\\(集团\\)"
)
_WORD = re.compile(r"[^\W_]+")
_SHARE_CLASS = re.compile(
    r"\((?:a|b|h|adr|gdr|receipts?|new york|toronto|nasdaq|moscow|london[^)]*|tel aviv|pln)\)", re.IGNORECASE
)


@final
@dataclass(frozen=True, slots=True)
class Name:
    """A name as written and as compared. tokens: what is left of it, in order, without legal forms; folded: the
    same with spellings folded. chinese: its Chinese signs without legal forms, "" where it has none."""

    spelling: str
    tokens: tuple[str, ...]
    folded: tuple[str, ...]
    chinese: str

    @property
    def identity(self) -> str:
        """What two writings of the very same name have in common."""
        return self.chinese or " ".join(sorted(self.tokens))


@lru_cache(maxsize=4096)
def comparable_name(spelling: str) -> Name:
    """A name made comparable."""
    chinese = "".join(_CHINESE.findall(_CHINESE_FORMS.sub("", unicodedata.normalize("NFKC", spelling))))
    tokens = tuple(_tokens(_SHARE_CLASS.sub(" ", spelling)))
    return Name(spelling, tokens, tuple(phonetic_spelling(t) for t in tokens), chinese)


def _tokens(spelling: str) -> list[str]:
    words = _WORD.findall(_CHINESE.sub(" ", latin(spelling)))
    tokens = [w for w in words if w not in LEGAL_FORMS]
    return tokens or words  # a name made of nothing but legal forms is compared as it is


def latin(spelling: str) -> str:
    """Lower case, in plain Latin letters where the script is Latin or Cyrillic; dots and apostrophes gone."""
    text = unicodedata.normalize("NFKC", spelling).casefold().replace("a/s", "as").replace("&", " ")
    text = re.sub("[.'’`ʼ´\"“”]", "", text)
    text = "".join(_CYRILLIC.get(c, c) for c in text)
    plain = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return "".join(_LATIN.get(c, c) for c in plain)


@lru_cache(maxsize=1 << 18)
def phonetic_spelling(token: str) -> str:
    """A word with one spelling for sounds that romanisations write differently, double letters once."""
    for old, new in _FOLDS:
        token = token.replace(old, new)
    return re.sub(r"(.)\1+", r"\1", token)
