"""Les FOP d'exemple rendent le rapport raisonné à la main qui les accompagne.

`exemples/attendus/<nom>.json` réduit le rapport à ce qui se relit sans l'outil : synthèses, verdict de chaque
règle concernée (un seul mot quand tous les lots ont le même, sinon les lots concernés), notices ; et, sous
`simulations`, le même relevé pour d'autres dates de lancement. Une règle qui n'y figure pas est non applicable ou
hors période partout : c'est dit aussi. Une différence se tranche par le droit ou le SPASER : jamais en recopiant la
sortie de l'outil.
"""

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.regles.erreurs import FopInvalide
from services.regles.fop import Fop
from services.regles.lecture_fop import lire_fop_json
from services.regles.paquet import charger_paquet
from services.regles.rapport import VERDICTS, Rapport
from services.regles.verification import Verificateur

RACINE = Path(__file__).resolve().parents[2]
EXEMPLES = RACINE / "exemples"
ATTENDUS = EXEMPLES / "attendus"
NOMS = sorted(chemin.stem for chemin in EXEMPLES.glob("*.json"))
INVALIDES = [nom for nom in NOMS if nom.startswith("invalide-")]
VALIDES = [nom for nom in NOMS if nom not in INVALIDES]
SANS_EFFET = {"hors_periode", "non_applicable"}
FAMILLES = ("loi", "engagement_local", "plan_national")

Releve = dict[str, Any]


@pytest.fixture(scope="module")
def verificateur() -> Iterator[Verificateur]:
    verificateur = Verificateur(charger_paquet(RACINE / "regles"), "double")
    yield verificateur
    verificateur.fermer()


def lire_exemple(nom: str) -> Fop:
    return lire_fop_json((EXEMPLES / f"{nom}.json").read_bytes())


def lire_attendu(nom: str) -> Releve:
    attendu: Releve = json.loads((ATTENDUS / f"{nom}.json").read_text(encoding="utf-8"))
    return attendu


def relever_verdicts(rapport: Rapport) -> dict[str, str | dict[str, str]]:
    par_lot: dict[str, dict[str, str]] = {}
    verdicts: dict[str, str | dict[str, str]] = {}
    for constat in rapport.constats:
        if constat.lot is None:
            if constat.verdict not in SANS_EFFET:
                verdicts[constat.regle] = constat.verdict
        else:
            par_lot.setdefault(constat.regle, {})[constat.lot] = constat.verdict
    for regle, lots in par_lot.items():
        differents = set(lots.values())
        concernes = {lot: verdict for lot, verdict in lots.items() if verdict not in SANS_EFFET}
        if concernes:
            verdicts[regle] = differents.pop() if len(differents) == 1 else concernes
    return verdicts


def _lister(verdict: str | dict[str, str]) -> list[str]:
    return list(verdict.values()) if isinstance(verdict, dict) else [verdict]


def relever(rapport: Rapport) -> Releve:
    """Rend ce que l'attendu retient du rapport. La notice du moteur dépend de la machine : elle est tue."""
    return {
        "syntheses": {famille: getattr(rapport.syntheses, famille).etat for famille in FAMILLES},
        "verdicts": relever_verdicts(rapport),
        "notices": sorted(notice.code for notice in rapport.notices if notice.code != "moteur"),
    }


def lister_verdicts(releve: Releve) -> Iterator[tuple[str, str]]:
    for regle, verdict in releve["verdicts"].items():
        for un in _lister(verdict):
            yield regle, un


@pytest.mark.parametrize("nom", VALIDES)
def test_l_exemple_rend_le_rapport_attendu(nom: str, verificateur: Verificateur) -> None:
    attendu = lire_attendu(nom)
    attendu.pop("simulations", None)
    assert relever(verificateur.verifier(lire_exemple(nom))) == attendu


@pytest.mark.parametrize(
    ("nom", "simulation"),
    [
        pytest.param(nom, simulation, id=f"{nom}-{simulation['date_de_reference']}")
        for nom in VALIDES
        for simulation in lire_attendu(nom).get("simulations", ())
    ],
)
def test_la_simulation_rend_le_rapport_attendu(nom: str, simulation: Releve, verificateur: Verificateur) -> None:
    attendu = dict(simulation)
    jour = date.fromisoformat(attendu.pop("date_de_reference"))
    assert relever(verificateur.verifier(lire_exemple(nom), jour)) == attendu


@pytest.mark.parametrize("nom", INVALIDES)
def test_l_exemple_invalide_ne_se_lit_pas(nom: str) -> None:
    with pytest.raises(FopInvalide) as refus:
        lire_exemple(nom)
    lues = [{"code": anomalie.code, "pointeur": anomalie.pointeur} for anomalie in refus.value.anomalies]
    assert sorted(lues, key=lambda anomalie: anomalie["pointeur"]) == lire_attendu(nom)["anomalies"]


def test_chaque_exemple_a_son_attendu_et_reciproquement() -> None:
    assert sorted(chemin.stem for chemin in ATTENDUS.glob("*.json")) == NOMS


def test_les_exemples_sont_assez_nombreux() -> None:
    assert len(VALIDES) >= 16
    assert len(INVALIDES) >= 4


def test_chaque_regle_du_paquet_est_atteinte_par_un_exemple(verificateur: Verificateur) -> None:
    regles = {regle.fiche.id for regle in verificateur.paquet.regles}
    atteintes = {
        regle for nom in VALIDES for regle, verdict in lister_verdicts(lire_attendu(nom)) if verdict not in SANS_EFFET
    }
    assert atteintes == regles


def test_chaque_verdict_est_montre_sauf_la_panne() -> None:
    montres = {verdict for nom in VALIDES for _, verdict in lister_verdicts(lire_attendu(nom))}
    assert montres >= set(VERDICTS) - {"erreur"} - SANS_EFFET


def test_chaque_etat_de_la_loi_est_montre() -> None:
    etats = [lire_attendu(nom)["syntheses"]["loi"] for nom in VALIDES]
    assert etats.count("favorable") >= 2
    assert etats.count("defavorable") >= 4
    assert etats.count("a_completer") >= 3


@pytest.mark.parametrize("nom", VALIDES)
def test_les_cles_suivent_l_ordre_de_la_fop(nom: str) -> None:
    cles = list(json.loads((EXEMPLES / f"{nom}.json").read_text(encoding="utf-8")))
    assert cles == sorted(cles, key=list(Fop.model_fields).index)


def test_le_lisezmoi_presente_chaque_exemple_une_fois() -> None:
    texte = (EXEMPLES / "LISEZMOI.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| \[([a-z0-9-]+)\]\(\1\.json\)", texte, re.MULTILINE)) == NOMS
