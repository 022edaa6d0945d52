"""Who of the universe an entry may be: certain by ISIN or LEI, else by name, ranked and left to a person.

A name is compared word by word, common words counting little, and as a whole with rapidfuzz (Levenshtein's indel
ratio); spellings of other romanisations and Chinese signs are compared too. The score ranks; it never decides.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, final

from rapidfuzz import fuzz, process

from positioning.screening.entry import ListEntry
from positioning.screening.names import GENERIC, Name, comparable_name
from positioning.screening.universe import ScreenedInstrument

Confidence = Literal["certain", "likely", "possible"]
SCORE = 84.0  # of 100: candidates below are not shown
WORD = 82.0  # two words nearer than this may be one word, spelt differently
SHORT = 4  # letters: shorter words must be equal
COMMON = 0.15  # the weight of a generic word


@final
@dataclass(frozen=True, slots=True)
class Hit:
    """An instrument that an entry may be. rule: isin, lei or name; alias: what of the entry hit; own: what it hit."""

    symbol: str
    rule: str
    alias: str
    own: str
    score: float
    confidence: Confidence


@final
@dataclass(frozen=True, slots=True)
class _InstrumentName:
    """One name of one instrument."""

    symbol: str
    name: Name
    weights: tuple[float, ...]
    country: str


@final
class Matcher:
    """An index of the universe, asked entry by entry."""

    def __init__(self, universe: Sequence[ScreenedInstrument]) -> None:
        self._by_isin: dict[str, list[str]] = defaultdict(list)
        self._by_lei: dict[str, list[str]] = defaultdict(list)
        for u in universe:
            for lei in u.leis:
                self._by_lei[lei].append(u.symbol)
            for isin in u.isins:
                self._by_isin[isin].append(u.symbol)
        names = [(u, comparable_name(n)) for u in universe for n in u.names]
        holders: dict[str, set[str]] = defaultdict(set)
        for u, name in names:
            for word in name.folded:
                holders[word].add(u.symbol)
        self._many = Counter({word: len(symbols) for word, symbols in holders.items()})
        self._own = [
            _InstrumentName(u.symbol, name, tuple(map(self._weight, name.tokens, name.folded)), u.country)
            for u, name in names
            if name.tokens or name.chinese
        ]
        self._by_word: dict[str, list[int]] = defaultdict(list)
        self._by_signs: dict[str, list[int]] = defaultdict(list)
        for n, own in enumerate(self._own):
            for word in _words(own.name):
                self._by_word[word].append(n)
            for pair in _pairs(own.name.chinese):
                self._by_signs[pair].append(n)
        self._vocabulary = sorted({w for own in self._own for w in own.name.folded if len(w) >= SHORT})
        self._near: dict[str, tuple[str, ...]] = {}

    def hits(self, entry: ListEntry) -> list[Hit]:
        """Who it may be, best first; each instrument once."""
        best: dict[str, Hit] = {}
        for rule, numbers, index in (("isin", entry.isins, self._by_isin), ("lei", entry.leis, self._by_lei)):
            for number in numbers:
                for symbol in index.get(number, ()):
                    best.setdefault(symbol, Hit(symbol, rule, number, number, 100.0, "certain"))
        for name in entry.names:
            for hit in self._by_name(name, entry.countries):
                earlier = best.get(hit.symbol)
                if earlier is None or (earlier.confidence != "certain" and hit.score > earlier.score):
                    best[hit.symbol] = hit
        return sorted(best.values(), key=lambda h: (h.confidence != "certain", -h.score, h.symbol))

    def _by_name(self, spelling: str, countries: Sequence[str]) -> list[Hit]:
        name = comparable_name(spelling)
        hits = []
        for n in self._candidates(name):
            own = self._own[n]
            score = self._score(name, own)
            if score >= SCORE:
                same = name.identity == own.name.identity
                elsewhere = bool(countries and own.country) and own.country not in countries
                sure: Confidence = "likely" if same and not elsewhere else "possible"
                hits.append(Hit(own.symbol, "name", spelling, own.name.spelling, round(score, 1), sure))
        return hits

    def _candidates(self, name: Name) -> set[int]:
        """Names that share a telling word, a spelling of one, or two neighbouring Chinese signs."""
        candidates: set[int] = set()
        linked: Counter[int] = Counter()
        for word in _words(name):
            for near in self._spellings(word):
                for n in self._by_word.get(near, ()):
                    linked[n] += 1
                    if self._many[near] <= 3 or near not in GENERIC:
                        candidates.add(n)
        candidates |= {n for n, times in linked.items() if times >= 2}
        signs = Counter(n for pair in _pairs(name.chinese) for n in self._by_signs.get(pair, ()))
        return candidates | {n for n, times in signs.items() if times >= max(1, len(name.chinese) // 3)}

    def _spellings(self, word: str) -> tuple[str, ...]:
        """The universe's words that this one may be; remembered, since a list repeats its words."""
        spellings = self._near.get(word)
        if spellings is None:
            near = (
                process.extract(word, self._vocabulary, scorer=fuzz.ratio, score_cutoff=WORD, limit=None)
                if len(word) >= SHORT
                else ()
            )
            spellings = tuple({*(w for w, _, _ in near), *([word] if word in self._by_word else [])})
            if len(self._near) >= 1 << 18:
                self._near.clear()
            self._near[word] = spellings
        return spellings

    def _weight(self, token: str, folded: str) -> float:
        common = COMMON if token in GENERIC else 1.0
        return common / (1.0 + math.log(max(self._many[folded], 1)) / 2)

    def _score(self, name: Name, own: _InstrumentName) -> float:
        signs = fuzz.ratio(name.chinese, own.name.chinese) if name.chinese and own.name.chinese else 0.0
        if not name.tokens or not own.name.tokens:
            return signs
        weights = tuple(map(self._weight, name.tokens, name.folded))
        theirs, ours = "".join(name.folded), "".join(own.name.folded)
        joined = fuzz.ratio(theirs, ours) if min(len(theirs), len(ours)) >= SHORT else 0.0
        if not any(t not in GENERIC for t in own.name.tokens):
            # Nothing in the name is its own: only the whole of it tells.
            return max(signs, fuzz.token_sort_ratio(" ".join(name.folded), " ".join(own.name.folded)), joined)
        return max(signs, joined, _aligned(name.folded, weights, own.name.folded, own.weights))


def _aligned(
    theirs: Sequence[str], weights: Sequence[float], ours: Sequence[str], own: Sequence[float]
) -> float:
    """100 times the harmonic mean of the weight of each side's words that the other has, by likeness."""
    partners: set[int] = set()
    their_match = own_match = 0.0
    for n, word in sorted(enumerate(ours), key=lambda p: -own[p[0]]):
        likeness = [(_like(word, other), m) for m, other in enumerate(theirs) if m not in partners]
        best, m = max(likeness, default=(0.0, -1))
        if best > 0:
            partners.add(m)
            their_match += weights[m] * best
            own_match += own[n] * best
    if not their_match:
        return 0.0
    a, b = their_match / sum(weights), own_match / sum(own)
    return 100.0 * 2 * a * b / (a + b)


def _like(word: str, other: str) -> float:
    if word == other:
        return 1.0
    if min(len(word), len(other)) < SHORT:
        return 0.0
    ratio = fuzz.ratio(word, other, score_cutoff=WORD)
    return ratio / 100.0


def _words(name: Name) -> tuple[str, ...]:
    """The folded words, each two neighbours as one (Sino Trans), and all of them as one."""
    two = ["".join(pair) for pair in zip(name.folded, name.folded[1:], strict=False)]
    return tuple(dict.fromkeys((*name.folded, *two)))


def _pairs(signs: str) -> set[str]:
    return {signs[n : n + 2] for n in range(len(signs) - 1)}
