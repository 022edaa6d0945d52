# ruff: noqa: E501  # rows of the lists, as they stand in the files
"""Each format is recognised by what stands in it, and says who, why and since when."""

from __future__ import annotations

import gzip
import zipfile
from datetime import date
from pathlib import Path

import pytest

from positioning.errors import BadInputError
from positioning.screening import opening
from positioning.screening.entry import ListEntry
from positioning.screening.opening import opened
from positioning.screening.recognise import entries, kind_of

SDN = (
    '90001,"EXAMPLE POTASH JSC",-0- ,"BELARUS-EO14038",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"Tax ID No. 190000001."\n'
    '90003,"MV INVENTED",vessel,"RUSSIA-EO14024",-0- ,"ZZ0AA","Bulk Carrier",-0- ,-0- ,"Panama","NOBODY SA",-0-\n'
    '90004,"MOCK MACHINERY CO., LTD.",-0- ,"CMIC-EO13959",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"Equity Ticker 9998 HK; '
    "ISIN CNE00000ZZZ0; Listing Date (CMIC) 01 Jan 2031; Effective Date (CMIC) 02 Mar 2031; Purchase/Sales For "
    'Divestment Date (CMIC) 01 Jan 2032."\n\x1a'
)
EU = (
    "\ufefffileGenerationDate;Entity_LogicalId;Entity_EU_ReferenceNumber;Entity_DesignationDate;Entity_SubjectType;"
    "Entity_SubjectType_ClassificationCode;Entity_Regulation_PublicationDate;Entity_Regulation_EntryIntoForceDate;"
    "Entity_Regulation_NumberTitle;Entity_Regulation_Programme;NameAlias_WholeName;Address_CountryIso2Code\n"
    "05/03/2031;900001;EU.900001.10;;E;enterprise;2031-01-02;2031-01-04;2031/0001 (OJ L1);BLR;Example Potash JSC;\n"
    "05/03/2031;900001;EU.900001.10;;E;enterprise;2031-01-02;2031-01-04;2031/0001 (OJ L1);BLR;Primer Kali;\n"
    "05/03/2031;900001;EU.900001.10;;E;enterprise;2031-01-02;2031-01-04;2031/0001 (OJ L1);BLR;;BY\n"
    "05/03/2031;900002;EU.900002.11;2030-12-30;P;person;2031-01-02;2031-01-03;2031/0002 (OJ L2);RUS;A. Sample;\n"
)
XML = (
    '<export generationDate="2031-03-05T10:00:00.000+01:00"><sanctionEntity euReferenceNumber="EU.900001.10">'
    '<regulation publicationDate="2031-01-02" entryIntoForceDate="2031-01-04" numberTitle="2031/0001 (OJ L1)" programme="BLR"/>'
    '<subjectType code="enterprise" classificationCode="E"/><nameAlias wholeName="Example Potash JSC"/>'
    '<nameAlias wholeName="Primer Kali"/><address countryIso2Code="BY"/></sanctionEntity>'
    '<sanctionEntity euReferenceNumber="EU.2"><subjectType code="person" classificationCode="P"/></sanctionEntity></export>'
)
UK = (
    "Report Date: 05-Mar-2031\n"
    "Last Updated,Unique ID,OFSI Group ID,Name 6,Name 1,Name type,Regime Name,Designation Type,Sanctions Imposed,Date Designated\n"
    "02/01/2031,EXB0001,90001,EXAMPLE POTASH JSC,,Primary Name,Belarus,Entity,Asset freeze|Trust services,02/01/2031\n"
    "02/01/2031,EXB0001,90001,PRIMER KALI,,Alias,Belarus,Entity,Asset freeze|Trust services,02/01/2031\n"
    "15/02/2031,EXR0002,,MV INVENTED,,Primary Name,Russia,Ship,Ship specification,14/02/2031\n"
    "15/02/2031,EXR0003,,TRUST US LLC,,Primary Name,Russia,Entity,Trust services,14/02/2031\n"
)
CSL = (
    "_id,source,entity_number,type,programs,name,start_date,remarks,alt_names\n"
    "ex01,Entity List (EL) - Bureau of Industry and Security,,,,Example Machinery Co.,2031-01-05,,EM Co.\n"
    "ex03,Specially Designated Nationals (SDN) - Treasury Department,90001,Entity,BELARUS-EO14038,EXAMPLE POTASH JSC,,,EP JSC; Primer Kali\n"
    "ex04,Non-SDN Chinese Military-Industrial Complex Companies List (CMIC) - Treasury Department,90004,Entity,CMIC-EO13959,"
    'MOCK MACHINERY CO,,"01 Jan 2031, Listing Date (CMIC); 02 Mar 2031, Effective Date (CMIC); CNE00000ZZZ0, ISIN",\n'
)
CSL_JSON = (
    '{"total":2,"results":[{"_id":"ex03","source":"Specially Designated Nationals (SDN) - Treasury Department",'
    '"type":"Entity","programs":["BELARUS-EO14038"],"name":"EXAMPLE POTASH JSC","alt_names":["EP JSC","Primer Kali"],'
    '"entity_number":90001,"addresses":[{"country":"BY"}],"remarks":null},{"_id":"p","type":"Individual","source":"x","name":"A"}]}'
)
TARGETS = (
    '"id","schema","name","aliases","birth_date","countries","addresses","identifiers","sanctions","phones","emails",'
    '"program_ids","dataset","first_seen","last_seen","last_change"\n'
    '"NK-ex1","Company","Example Potash JSC","EP JSC;Primer Kali","","by","","190000001","EX1234 - Programme - 2031-01-02","",'
    '"","EX-BLR","Example List","2030-01-03T06:00:00","2031-05-01T06:00:00","2031-02-01T06:00:00"\n'
    '"NK-ex3","Vessel","MV INVENTED","","","pa","","IMO0000000","","","","EX-RUS","Example List","","",""\n'
)
SECURITIES = (
    '"caption","lei","perm_id","isins","ric","countries","sanctioned","eo_14071","public","id","url","datasets","risk_datasets","aliases","referents"\n'
    '"Sample Chem","00000000000000000000","","RU000ZZZZZZ0;US00000ZZ000","","ru","f","t","t","NK-ex5","","ru_nsd_isin","","",""\n'
    '"Invented Port","","","CNE00000ZZZ0","9999.HK","cn","f","f","t","NK-ex6","","ex_excl","ex_excl","",""\n'
    '"Example Potash","","","","","by","t","f","f","NK-ex1","","ex","ex","EP JSC",""\n'
)
MILITARY = (
    "Notice of 7 January 2025, under section 1260H\n\n1. Example Shipbuilding Group Co., Ltd. (ESG)\n"
    "2. Mock Rail Corporation\nLimited\n   a. Mock Rail Leasing Co., Ltd. (a subsidiary)\n"
    "3. Sample Logistics Holding (Group) Co., Ltd., also known as SLH\n"
)


def read(tmp_path: Path, text: str | bytes, name: str = "list") -> tuple[str, list[ListEntry]]:
    """The kind and the entries of a file of that content."""
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (file,) = opened(path)
    kind = kind_of(file)
    return kind, list(entries(file, kind, {}, lambda _: None))


def test_ofac_rows_without_dates_and_the_purchase_ban_with_its_own(tmp_path: Path) -> None:
    kind, (potash, mock) = read(tmp_path, SDN)
    assert kind == "ofac"
    assert (potash.names, potash.force, potash.since) == (("EXAMPLE POTASH JSC",), "designated", None)
    assert (mock.force, mock.since, mock.effective) == ("investment_ban", date(2031, 1, 1), date(2031, 3, 2))
    assert mock.isins == ("CNE00000ZZZ0",)
    assert "2032-01-01" in mock.note


@pytest.mark.parametrize("text", [EU, XML], ids=["csv", "xml"])
def test_the_european_list_in_both_forms_says_the_same(tmp_path: Path, text: str) -> None:
    _, (only,) = read(tmp_path, text)
    assert only.names == ("Example Potash JSC", "Primer Kali")
    assert (only.key, only.countries, only.force) == ("EU.900001.10", ("BY",), "designated")
    assert (only.since, only.effective, only.day) == (date(2031, 1, 2), date(2031, 1, 4), date(2031, 3, 5))
    assert only.programme == "BLR 2031/0001 (OJ L1)"


def test_the_british_list_knows_its_day_and_what_was_imposed(tmp_path: Path) -> None:
    kind, (potash, trust) = read(tmp_path, UK)
    assert kind == "uk"
    assert potash.names == ("EXAMPLE POTASH JSC", "PRIMER KALI")
    assert (potash.force, potash.since, potash.day) == ("designated", date(2031, 1, 2), date(2031, 3, 5))
    assert (trust.force, trust.since) == ("", date(2031, 2, 14))
    assert "no asset freeze" in trust.note


def test_lists_within_the_american_one_have_their_own_force(tmp_path: Path) -> None:
    kind, (machinery, potash, mock) = read(tmp_path, CSL)
    assert kind == "us_csv"
    assert (machinery.force, machinery.since) == ("", date(2031, 1, 5))
    assert (potash.force, potash.since) == ("designated", None)
    assert potash.names == ("EXAMPLE POTASH JSC", "EP JSC", "Primer Kali")
    assert (mock.force, mock.since, mock.effective) == ("investment_ban", date(2031, 1, 1), date(2031, 3, 2))
    kind, (same,) = read(tmp_path, CSL_JSON)
    assert (kind, same.names, same.key) == ("us_json", potash.names, "90001")


def test_opensanctions_dates_come_from_the_sanction_and_not_from_the_crawler(tmp_path: Path) -> None:
    kind, (only,) = read(tmp_path, TARGETS)
    assert kind == "targets"
    assert (only.since, only.day) == (date(2031, 1, 2), date(2031, 5, 1))
    assert only.names == ("Example Potash JSC", "EP JSC", "Primer Kali")


def test_being_in_securities_is_not_being_sanctioned(tmp_path: Path) -> None:
    kind, (chem, port, potash) = read(tmp_path, SECURITIES)
    assert kind == "securities"
    assert [e.force for e in (chem, port, potash)] == ["investment_ban", "", "designated"]
    assert chem.isins == ("RU000ZZZZZZ0", "US00000ZZ000")
    assert port.since is None


def test_the_military_list_as_text(tmp_path: Path) -> None:
    kind, found = read(tmp_path, MILITARY)
    assert kind == "military"
    assert [e.names[0] for e in found] == [
        "Example Shipbuilding Group Co., Ltd.", "Mock Rail Corporation Limited", "Mock Rail Leasing Co., Ltd.",
        "Sample Logistics Holding (Group) Co., Ltd.",
    ]  # fmt: skip
    assert "SLH" in found[3].names
    assert "subsidiary" in found[2].note
    assert {e.since for e in found} == {date(2025, 1, 7)}
    assert {e.force for e in found} == {"military_list"}


def test_a_list_of_ones_own(tmp_path: Path) -> None:
    text = "Company;ISIN;Since;Ground\nA Firm;XX0000000001;2024-05-01;\nB;;;military_list\n"
    kind, (first, second) = read(tmp_path, text, "mine.csv")
    assert kind == "own"
    assert (first.names, first.isins, first.since) == (("A Firm",), ("XX0000000001",), date(2024, 5, 1))
    assert (first.force, second.force, second.since) == ("own_list", "military_list", None)


def test_aliases_in_a_file_of_their_own_are_joined_by_number(tmp_path: Path) -> None:
    path = tmp_path / "alt.csv"
    path.write_text('90001,91001,"aka","EP JSC",-0-\n', encoding="utf-8")
    (file,) = opened(path)
    assert kind_of(file) == "ofac_names"


@pytest.mark.parametrize("packed", ["zip", "gz"])
def test_packed_files_are_read_as_they_are(tmp_path: Path, packed: str) -> None:
    path = tmp_path / f"uk.{packed}"
    if packed == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a/uk.csv", UK)
    else:
        path.write_bytes(gzip.compress(UK.encode()))
    (file,) = opened(path)
    assert kind_of(file) == "uk"
    assert len(list(entries(file, "uk", {}, lambda _: None))) == 2


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<export><sanctionEntity>&b;</sanctionEntity></export>"
)
HOSTILE = {
    "formula": ("name,isin\n=HYPERLINK(\"http://x\"),\n".replace('"', '""').replace('=H', '"=H').replace("),", ')",'), "is a formula"),
    "markup": ('name,isin\n"<script>alert(1)</script>",\n', "is markup"),
    "page": ("<!DOCTYPE html><html><body>log in</body></html>", "a web page"),
    "bomb": (BOMB, "cannot be read"),
    "external": ('<!DOCTYPE export SYSTEM "file:///etc/passwd"><export/>', "cannot be read"),
    "other xml": ("<rss><channel/></rss>", "wanted <export>"),
    "cut xml": (XML[:200], "cannot be read"),
    "columns": ("name," + ",".join("c" * 20000) + "\n", "columns"),
    "cut csv": (UK[: UK.rindex("Trust")], "the file may have been cut off"),
    "cut json": (CSL_JSON[:-40], "cannot be read"),
    "deep json": ('{"results":' + "[" * 100_000, "too deep"),
    "zeros": ("name,isin\nA\x00B,\n", "bytes of zero"),
    "empty": ("", "the file is empty"),
    "pdf": ("%PDF-1.7 ...", "a PDF"),
    "quote": ('name,isin\n"never closed' + "x" * 300_000, "cannot be read"),
    "unknown": ("colour,shape\nred,round\n", "no known list"),
    "date": ("name,since\nA,soon\n", "wanted a date"),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_list_ends_in_one_line(tmp_path: Path, what: str) -> None:
    text, complaint = HOSTILE[what]
    with pytest.raises(BadInputError) as error:
        read(tmp_path, text, "hostile.bin")
    assert complaint in str(error.value)
    assert "hostile.bin" in str(error.value)
    assert "\n" not in str(error.value)


def test_bytes_that_are_no_text_end_in_one_line(tmp_path: Path) -> None:
    for raw in (
        b"name,isin\nM\xfcller AG,\n",
        b"\xff\xfen\x00a\x00m\x00e\x00\n\x00\x00\xd8",
        bytes(range(256)) * 4,
    ):
        with pytest.raises(BadInputError) as error:
            read(tmp_path, raw, "odd.csv")
        assert "\n" not in str(error.value)


def test_old_copies_of_ofac_in_latin_1_are_read(tmp_path: Path) -> None:
    row = '90001,"SOCIÉTÉ EXEMPLE",-0- ,"CUBA",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0-\n'
    _, (only,) = read(tmp_path, row.encode("latin-1"))
    assert only.names == ("SOCIÉTÉ EXEMPLE",)


def test_damaged_archives_end_in_one_line(tmp_path: Path) -> None:
    whole = tmp_path / "whole.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("uk.csv", UK * 50)
    cut, bomb, gz = tmp_path / "cut.zip", tmp_path / "bomb.zip", tmp_path / "cut.gz"
    cut.write_bytes(whole.read_bytes()[:-60])
    gz.write_bytes(gzip.compress(UK.encode() * 50)[:-20])
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"0" * (opening.BOMB_BYTES + 1))
    for path, complaint in ((cut, "cannot be read"), (bomb, "-fold")):
        with pytest.raises(BadInputError, match=complaint):
            opened(path)
    (file,) = opened(gz)
    with pytest.raises(BadInputError, match="cannot be read"):
        list(entries(file, kind_of(file), {}, lambda _: None))


def test_a_line_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "LINE_CHARACTERS", 1000)
    with pytest.raises(BadInputError, match="longer than 8 MB"):
        read(tmp_path, "name," + "c" * 2000 + "\n")
