"""Les familles CPV lues en bouquet : ce que le fait tait est exactement ce que le paquet dit."""

from typing import Any

import pytest

from services.regles.conditions import FamilleCpv
from services.regles.fop import DIVISIONS_CPV
from services.regles.moteur.bouquet import TAILLE_DE_PAQUET, composer_bouquet
from services.regles.moteur.engendrement import engendrer
from services.regles.moteur.port import CONFORME, INDETERMINE, NON_APPLICABLE
from tests.moteurs.atelier import charger_regles_reelles, fabriquer_regle, juger_des_deux, situer

DIVISIONS = sorted(DIVISIONS_CPV)


def _fabriquer_famille(*prefixes: str) -> FamilleCpv:
    gagnants = dict.fromkeys(prefixes, True)
    return FamilleCpv("|".join(prefixes), "", gagnants, frozenset(), (), tuple(sorted({len(p) for p in prefixes})))


def test_un_code_hors_de_tout_paquet_ne_dit_que_ses_paquets() -> None:
    familles = [_fabriquer_famille(f"{rang:02}") for rang in range(10, 10 + 2 * TAILLE_DE_PAQUET)]
    bouquet = composer_bouquet("cpv", familles)
    assert bouquet.relever("99000000") == {"h0": 0, "h1": 0}
    dit = bouquet.relever("10000000")
    assert "h0" not in dit and dit["h1"] == 0
    assert sorted(dit.values()) == [0] * TAILLE_DE_PAQUET + [1]


def test_deux_regles_de_meme_famille_partagent_leur_propriete() -> None:
    familles = [_fabriquer_famille("45"), _fabriquer_famille("45"), _fabriquer_famille("71", "79")]
    bouquet = composer_bouquet("cpv", familles)
    assert len(bouquet.lister_proprietes()) == 3
    assert bouquet.traduire(familles[0]) == bouquet.traduire(familles[1]) != bouquet.traduire(familles[2])


def test_chaque_division_retient_ses_regles_et_elles_seules() -> None:
    regles = [
        fabriquer_regle(
            {"fait": ".montant_ht", "moins_de": 10},
            applicable_si={"fait": ".cpv", "commence_par": [division]},
            niveau="lot",
            id=f"ESSAI-{division}",
        )
        for division in DIVISIONS
    ]
    lots = [{"montant_ht": 5, "cpv": f"{division}000000"} for division in DIVISIONS]
    ((direct, durable),) = juger_des_deux(regles, [situer(lots=[*lots, {"montant_ht": 5}])])
    assert durable == direct
    for rang, issues in enumerate(durable.lots[:-1]):
        assert issues == tuple(CONFORME if numero == rang else NON_APPLICABLE for numero in range(len(DIVISIONS)))
    assert set(durable.lots[-1]) == {INDETERMINE}, "un code absent ne relève d'aucune famille, et n'en écarte aucune"


@pytest.mark.parametrize("code", ["39110000", "39137000", "39000000", "45000000", None])
def test_une_famille_se_combine_aux_autres_conditions(code: str | None) -> None:
    mobilier = {"fait": ".cpv", "commence_par": {"referentiel": "familles_agec.mobilier"}}
    autres: list[dict[str, Any]] = [
        {"commence_par": ["391"]},
        {"commence_par": ["45"]},
        {"ne_commence_par": ["3911"]},
        {"renseigne": True},
    ]
    regles = [
        fabriquer_regle(
            {"fait": ".montant_ht", "moins_de": 10},
            applicable_si={"toutes": [mobilier, {"fait": ".cpv", **autre}, {"fait": ".nature", "egal": "fournitures"}]},
            niveau="lot",
            id=f"ESSAI-{rang}",
        )
        for rang, autre in enumerate(autres)
    ]
    connu = {"cpv": code} if code is not None else {}
    lots = [{"montant_ht": 5, **connu, **nature} for nature in ({}, {"nature": "fournitures"}, {"nature": "travaux"})]
    ((direct, durable),) = juger_des_deux(regles, [situer(lots=lots)])
    assert durable == direct


def test_le_bouquet_des_regles_livrees_dit_vrai_de_chaque_code_charniere() -> None:
    bouquet = engendrer([regle for regle in charger_regles_reelles().regles if regle.niveau_lot]).bouquet
    familles = {nom: famille for paquet in bouquet.paquets.values() for nom, famille in paquet.items()}
    assert len(familles) > 20
    prefixes = {p for famille in familles.values() for p in (*famille.gagnants, *famille.exacts)}
    for code in sorted({p.ljust(8, "0") for p in prefixes} | {p.ljust(8, "9") for p in prefixes}):
        dit = bouquet.relever(code)
        for paquet, siennes in bouquet.paquets.items():
            for nom, famille in siennes.items():
                assert (dit[paquet] if paquet in dit else dit[nom]) == int(famille.contenir(code)), (code, nom)
