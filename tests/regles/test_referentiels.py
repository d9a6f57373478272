"""Les familles de codes CPV : le plus long préfixe gagne, les retraits retirent, les plages bornent."""

from typing import Any

import pytest
from pydantic import ValidationError

from services.regles.fop import DIVISIONS_CPV
from services.regles.referentiels import (
    EntreeAcheteur,
    EntreeCpv,
    choisir_modele,
    composer_famille,
    composer_prefixes,
)
from tests.moteurs.atelier import charger_regles_reelles


def _entree(**codes: Any) -> EntreeCpv:
    return EntreeCpv.model_validate({"libelle": "x", "origine": "essai", "provenance": "C", **codes})


PARTAGE = {
    "mobilier": _entree(cpv=["39", "391"], sauf=["39137", "3913720"]),
    "urbain": _entree(cpv=["39113", "3411"]),
    "autre": _entree(cpv=["39113600"]),
}


@pytest.mark.parametrize(
    ("famille", "code", "dedans"),
    [
        ("mobilier", "39000000", True),
        ("mobilier", "39130000", True),
        ("mobilier", "39137000", False),
        ("mobilier", "39137200", False),
        ("mobilier", "39113000", False),
        ("urbain", "39113000", True),
        ("urbain", "39113500", True),
        ("urbain", "39113600", False),
        ("autre", "39113600", True),
        ("autre", "39113000", False),
        ("mobilier", "45000000", False),
        ("urbain", "34110000", True),
    ],
)
def test_le_plus_long_prefixe_de_tout_le_referentiel_gagne(famille: str, code: str, dedans: bool) -> None:
    assert composer_famille(dict(PARTAGE), "familles_agec", famille).contenir(code) is dedans


@pytest.mark.parametrize(("famille", "code", "dedans"), [("mobilier", "39113000", True), ("urbain", "39113600", True)])
def test_hors_des_referentiels_partages_chaque_famille_se_juge_seule(famille: str, code: str, dedans: bool) -> None:
    assert composer_famille(dict(PARTAGE), "segments", famille).contenir(code) is dedans


def test_un_prefixe_plus_long_reprend_ce_qu_un_retrait_a_ote() -> None:
    famille = composer_famille({"a": _entree(cpv=["391", "391372"], sauf=["39137"])}, "segments", "a")
    assert famille.contenir("39137200")
    assert not famille.contenir("39137100")


def test_un_meme_prefixe_retenu_et_retire_est_retire() -> None:
    assert not composer_famille({"a": _entree(cpv=["391"], sauf=["391"])}, "segments", "a").contenir("39100000")


def test_un_code_exact_ne_prend_que_lui() -> None:
    famille = composer_famille({"a": _entree(exact=["30000000"])}, "segments", "a")
    assert famille.contenir("30000000")
    assert not famille.contenir("30000001")
    assert not famille.contenir("30200000")


def test_un_code_exact_l_emporte_sur_un_retrait() -> None:
    assert composer_famille({"a": _entree(exact=["39137000"], sauf=["39137"], cpv=["391"])}, "segments", "a").contenir(
        "39137000"
    )


@pytest.mark.parametrize(
    ("code", "dedans"),
    [
        ("75199999", False),
        ("75200000", True),
        ("75225000", True),
        ("75250000", True),
        ("75250001", False),
        ("98000000", True),
    ],
)
def test_une_plage_comprend_ses_deux_bornes(code: str, dedans: bool) -> None:
    entree = _entree(plages=[("75200000", "75250000"), ("98000000", "98000000")])
    assert composer_famille({"a": entree}, "services_specifiques", "a").contenir(code) is dedans


def test_une_famille_inconnue_leve_keyerror() -> None:
    with pytest.raises(KeyError):
        composer_famille({}, "segments", "rien")


def test_une_liste_de_prefixes_ecrite_dans_une_fiche_se_compose() -> None:
    famille = composer_prefixes(("45", "391"))
    assert [famille.contenir(c) for c in ("45000000", "39130000", "39200000")] == [True, True, False]


@pytest.mark.parametrize(
    "entree",
    [
        {},
        {"cpv": [391]},
        {"cpv": ["3"]},
        {"cpv": ["391000000"]},
        {"cpv": ["39x"]},
        {"exact": ["391"]},
        {"plages": [("75250000", "75200000")]},
        {"plages": [("752", "753")]},
        {"cpv": ["391"], "provenance": "Z"},
        {"cpv": ["391"], "inconnue": 1},
    ],
)
def test_une_entree_mal_ecrite_est_refusee(entree: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _entree(**entree)


def test_un_siret_nu_demande_des_guillemets() -> None:
    with pytest.raises(ValidationError, match="guillemets"):
        EntreeAcheteur.model_validate(
            {
                "libelle": "x",
                "siret": 20004048300014,
                "type": "epci",
                "qualite": "x",
                "spaser": "aucun",
                "origine": "essai",
            }
        )


def test_chaque_referentiel_a_son_modele() -> None:
    assert choisir_modele("acheteurs") is EntreeAcheteur
    assert choisir_modele("segments") is EntreeCpv
    assert choisir_modele("referentiel_neuf") is EntreeCpv


def test_dans_les_familles_agec_livrees_un_code_n_a_jamais_deux_familles() -> None:
    referentiel = charger_regles_reelles().referentiels["familles_agec"]
    familles = {nom: composer_famille(referentiel, "familles_agec", nom) for nom in referentiel}
    prefixes = {p for entree in referentiel.values() if isinstance(entree, EntreeCpv) for p in entree.cpv}
    for prefixe in prefixes:
        code = prefixe.ljust(8, "0")
        assert len([nom for nom, famille in familles.items() if famille.contenir(code)]) == 1, code


def test_chaque_prefixe_livre_est_d_une_division_du_cpv() -> None:
    for nom, referentiel in charger_regles_reelles().referentiels.items():
        for cle, entree in referentiel.items():
            if isinstance(entree, EntreeCpv):
                codes = [*entree.cpv, *entree.sauf, *entree.exact, *(b for plage in entree.plages for b in plage)]
                assert {code[:2] for code in codes} <= DIVISIONS_CPV, f"{nom}.{cle}"


def test_les_divisions_livrees_sont_les_quarante_cinq_du_cpv() -> None:
    assert set(charger_regles_reelles().referentiels["divisions_cpv"]) == DIVISIONS_CPV


def test_chaque_retrait_livre_retire_vraiment_quelque_chose() -> None:
    for nom, referentiel in charger_regles_reelles().referentiels.items():
        for cle, entree in referentiel.items():
            if isinstance(entree, EntreeCpv):
                for retrait in entree.sauf:
                    assert any(retrait.startswith(prefixe) for prefixe in entree.cpv), f"{nom}.{cle} : {retrait}"
