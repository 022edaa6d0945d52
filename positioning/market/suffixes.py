"""What the suffix of a Yahoo symbol says: venue, currency, unit of quotation and kind."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# Yahoo suffix -> (venue, currency, unit of quotation, kind). `.IL` is London's order book for receipts.
SUFFIXES: Mapping[str, tuple[str, str, str, str]] = MappingProxyType(
    {
        "": ("XNYS", "USD", "USD", "share"),
        "AD": ("XADS", "AED", "AED", "share"),
        "AS": ("XAMS", "EUR", "EUR", "share"),
        "AT": ("XATH", "EUR", "EUR", "share"),
        "AX": ("XASX", "AUD", "AUD", "share"),
        "BA": ("XBUE", "ARS", "ARS", "share"),
        "BD": ("XBUD", "HUF", "HUF", "share"),
        "BK": ("XBKK", "THB", "THB", "share"),
        "BO": ("XBOM", "INR", "INR", "share"),
        "BR": ("XBRU", "EUR", "EUR", "share"),
        "CL": ("XBOG", "COP", "COP", "share"),
        "CO": ("XCSE", "DKK", "DKK", "share"),
        "DE": ("XETR", "EUR", "EUR", "share"),
        "DU": ("XDUS", "EUR", "EUR", "share"),
        "F": ("XFRA", "EUR", "EUR", "share"),
        "HE": ("XHEL", "EUR", "EUR", "share"),
        "HK": ("XHKG", "HKD", "HKD", "share"),
        "HM": ("XHAM", "EUR", "EUR", "share"),
        "IC": ("XICE", "ISK", "ISK", "share"),
        "IL": ("XLON", "USD", "USD", "receipt"),
        "IR": ("XDUB", "EUR", "EUR", "share"),
        "IS": ("XIST", "TRY", "TRY", "share"),
        "JK": ("XIDX", "IDR", "IDR", "share"),
        "JO": ("XJSE", "ZAR", "ZAc", "share"),
        "KA": ("XKAR", "PKR", "PKR", "share"),
        "KL": ("XKLS", "MYR", "MYR", "share"),
        "KQ": ("XKOS", "KRW", "KRW", "share"),
        "KS": ("XKRX", "KRW", "KRW", "share"),
        "L": ("XLON", "GBP", "GBX", "share"),
        "LM": ("XLIM", "PEN", "PEN", "share"),
        "LS": ("XLIS", "EUR", "EUR", "share"),
        "MC": ("XMAD", "EUR", "EUR", "share"),
        "ME": ("MISX", "RUB", "RUB", "share"),
        "MI": ("XMIL", "EUR", "EUR", "share"),
        "MX": ("XMEX", "MXN", "MXN", "share"),
        "NS": ("XNSE", "INR", "INR", "share"),
        "NZ": ("XNZE", "NZD", "NZD", "share"),
        "OL": ("XOSL", "NOK", "NOK", "share"),
        "PA": ("XPAR", "EUR", "EUR", "share"),
        "PR": ("XPRA", "CZK", "CZK", "share"),
        "PS": ("XPHS", "PHP", "PHP", "share"),
        "RG": ("XRIS", "EUR", "EUR", "share"),
        "SA": ("BVMF", "BRL", "BRL", "share"),
        "SG": ("XSTU", "EUR", "EUR", "share"),
        "SI": ("XSES", "SGD", "SGD", "share"),
        "SN": ("XSGO", "CLP", "CLP", "share"),
        "SR": ("XSAU", "SAR", "SAR", "share"),
        "SS": ("XSHG", "CNY", "CNY", "share"),
        "ST": ("XSTO", "SEK", "SEK", "share"),
        "SW": ("XSWX", "CHF", "CHF", "share"),
        "SZ": ("XSHE", "CNY", "CNY", "share"),
        "T": ("XTKS", "JPY", "JPY", "share"),
        "TA": ("XTAE", "ILS", "ILA", "share"),
        "TL": ("XTAL", "EUR", "EUR", "share"),
        "TO": ("XTSE", "CAD", "CAD", "share"),
        "TW": ("XTAI", "TWD", "TWD", "share"),
        "TWO": ("ROCO", "TWD", "TWD", "share"),
        "V": ("XTSX", "CAD", "CAD", "share"),
        "VI": ("XWBO", "EUR", "EUR", "share"),
        "VS": ("XLIT", "EUR", "EUR", "share"),
        "WA": ("XWAR", "PLN", "PLN", "share"),
    }
)

# Yahoo's suffixes of exchanges that are not covered. Source: Yahoo Finance's list of exchanges and suffixes.
ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        "BE": "Berlin", "CA": "Cairo", "CN": "the Canadian Securities Exchange", "CR": "Caracas", "HA": "Hanover",
        "KW": "Kuwait", "MU": "Munich", "NE": "Cboe Canada", "QA": "Qatar", "RO": "Bucharest", "VN": "Vietnam",
        "XC": "Cboe Europe",
    }
)  # fmt: skip
# How Bloomberg, Reuters, Stooq and Google write venues that Yahoo writes otherwise. Sources: their own lists of codes.
NEW_YORK = frozenset(("US", "N", "O", "OQ", "NYSE", "NASDAQ", "UN", "UW", "UQ"))
WRITTEN_ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        "UK": "L", "LN": "L", "LON": "L", "LSE": "L", "GR": "DE", "GY": "DE", "ETR": "DE", "XETRA": "DE", "JP": "T",
        "JT": "T", "TYO": "T", "HKG": "HK", "FP": "PA", "PAR": "PA", "EPA": "PA", "IM": "MI", "BIT": "MI", "SM": "MC",
        "BME": "MC", "NA": "AS", "AMS": "AS", "AU": "AX", "ASX": "AX", "SJ": "JO", "JSE": "JO", "TSX": "TO",
        "TSE": "TO", "NSE": "NS", "BSE": "BO", "PW": "WA", "WSE": "WA", "SHA": "SS", "SHE": "SZ", "TLV": "TA",
        "KRX": "KS", "TPE": "TW", "STO": "ST", "VX": "SW", "SWX": "SW",
    }
)  # fmt: skip
MONEY = frozenset({*(row[1] for row in SUFFIXES.values()), "BTC", "ETH", "USDT", "USDC"})
"""What the second half of a pair such as BTC-USD is."""


def beside_suffix(stem: str, suffix: str) -> str:
    """What to type in place of a suffix that no venue is known for."""
    remedy = f"choose a line on one of {', '.join('.' + s for s in SUFFIXES if s)}, or in New York without a suffix"
    if suffix in NEW_YORK:
        return f"Yahoo writes New York's lines without a suffix: type {stem}"
    if (ours := WRITTEN_ELSEWHERE.get(suffix.upper(), suffix.upper())) and ours in SUFFIXES:
        return f"Yahoo writes that venue .{ours}: type {stem}.{ours}"
    if len(suffix) == 1 and stem.isalpha() and suffix.isalpha() and suffix not in ELSEWHERE:
        return f"a class of shares? Yahoo writes it with a hyphen: type {stem}-{suffix}"
    if len(suffix) > 2 and (near := [s for s in SUFFIXES if len(s) == 2 and suffix.upper().startswith(s)]):
        return f"Did you mean .{near[0]}?"
    if place := ELSEWHERE.get(suffix):
        return f"it is {place}'s, which is not covered: {remedy}"
    return remedy
