"""How many of 500 names are found on lists that write them differently, and how many wrong ones beside them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from positioning.market.instruments import table
from positioning.screening.screen import screen
from positioning.screening.universe import with_identifiers
from tests.builders import Figure
from tests.screening.lists import FORMATS, made, noise

OTHERS = (
    """
Казахтелеком; АО Казпочта; Самрук-Қазына; Қазақмыс; ТОО Кселл; KEGOC; Kazakhmys; Tengizchevroil; ERG
Sales AG; Kazzinc; ForteBank; Jusan Bank; Bank CenterCredit; Magnum Cash and Carry; Technodom
Operator; Air Kazakhstan; Caspian Pipeline Consortium; Aktau Sea Port; Kazakhstan Temir Zholy;
KazMunayGas; QazaqGaz; Samruk Energy; Bakhus; Газпром; ПАО Сбербанк; Лукойл; Роснефть; ПАО Татнефть;
Сургутнефтегаз; Новатэк; Норникель; РУСАЛ; Северсталь; НЛМК; ММК; АвтоВАЗ; КамАЗ; ГАЗ;
Уралвагонзавод; Ростех; Алмаз-Антей; Уралкалий; Еврохим; Беларуськалий; VTB Bank; Gazprombank;
Alfa-Bank; Tinkoff Bank; Rosbank; Sovcomflot; Aeroflot; Transneft; Russian Railways; Inter RAO;
RusHydro; Rosseti; Rostelecom; MTS PJSC; MegaFon; Yandex LLC; VKontakte; Magnit; X5 Retail Group;
Huawei Technologies Co., Ltd.; ZTE Corporation; Hangzhou Hikvision Digital Technology; Dahua
Technology; SMIC; China Mobile Limited; China Telecom Corporation; China Unicom; CNOOC Limited;
PetroChina; Sinopec; China Shenhua; China Railway Construction Corporation; China Railway Group;
China Communications Construction; AVIC; COMAC; NORINCO; China Shipbuilding Industry; Inspur Group;
DJI Technology; BYD Company; Great Wall Motor; Geely Automobile; SAIC Motor; FAW Group; Chery
Automobile; Alibaba Group; Tencent Holdings; Baidu; JD.com; Xiaomi; Lenovo; BOE Technology; CATL;
China National Nuclear Power; China General Nuclear; Ping An Insurance; 华为技术有限公司; 中国移动有限公司
""".replace("\n", " ")
    .strip()
    .split("; ")
)


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_recall_on_a_made_list(tmp_path: Path, name: str, figure: Figure) -> None:
    world = made()
    wrong = noise(20_000)
    names = [*world.listed.values(), *wrong]
    path = tmp_path / name
    path.write_text(FORMATS[name](names, [""] * len(names)), encoding="utf-8")
    found = screen([path], world.universe).findings
    hit = {(f.hit.symbol, f.entry.names[0]) for f in found}
    right = sum((u.symbol, world.listed[u.symbol]) in hit for u in world.universe)
    false = len(hit) - right
    told = f"{right / 500:.1%} found, {false / 500:.2f} false candidates an instrument"
    figure(f"500 names on a made list, {name}", told, "95 % and 2")
    assert right / 500 >= 0.95
    assert false / 500 <= 2
    assert not any(f.sure for f in found)  # a name alone never restricts

    path.write_text(FORMATS[name](["Nobody"] * 500, [u.isins[0] for u in world.universe]), encoding="utf-8")
    certain = {f.hit.symbol for f in screen([path], world.universe).findings if f.sure}
    assert len(certain) == 500


def test_a_hundred_firms_that_are_not_ours_bring_no_certain_hit(tmp_path: Path) -> None:
    assert len(OTHERS) >= 100
    path = tmp_path / "others.csv"
    path.write_text("name\n" + "\n".join(f'"{o}"' for o in OTHERS) + "\n", encoding="utf-8")
    made_of = screen([path], with_identifiers(table().values()))
    assert not made_of.restrictions
    assert not [f for f in made_of.findings if f.hit.confidence in ("certain", "likely")]
    assert len(made_of.findings) <= 5


def test_a_smaller_universe_is_found_in_the_default_run(tmp_path: Path) -> None:
    world = made(120)
    names = [*world.listed.values(), *noise(1000)]
    path = tmp_path / "t.csv"
    path.write_text(FORMATS["targets.csv"](names, [""] * len(names)), encoding="utf-8")
    hit = {(f.hit.symbol, f.entry.names[0]) for f in screen([path], world.universe).findings}
    right = sum((u.symbol, world.listed[u.symbol]) in hit for u in world.universe)
    assert right >= 0.95 * 120
    assert len(hit) - right <= 2 * 120


def test_an_lei_on_a_list_is_certain_whatever_the_name(tmp_path: Path) -> None:
    """Five hundred LEIs with their ISO 17442 check digits, under names of nobody: all are found, for sure."""

    def lei(number: int) -> str:
        stem = f"5493{number:014d}"
        return f"{stem}{98 - int(''.join(str(int(c, 36)) for c in stem + '00')) % 97:02d}"

    world = made(500)
    universe = [replace(u, isins=(), leis=(lei(n),)) for n, u in enumerate(world.universe)]
    path = tmp_path / "leis.csv"
    path.write_text("name,lei\n" + "".join(f"Nobody,{u.leis[0]}\n" for u in universe), encoding="utf-8")
    assert {f.hit.symbol for f in screen([path], universe).findings if f.sure} == {u.symbol for u in universe}
