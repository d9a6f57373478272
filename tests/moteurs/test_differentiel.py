"""Deux moteurs nés du même arbre, et un troisième calcul naïf : aucun ne contredit les autres."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest

from services.regles.faits import CALCULS, Faits, etablir_faits
from services.regles.lecture_fop import lire_fop
from services.regles.moteur import engendrement
from services.regles.moteur.direct import MoteurDirect
from services.regles.moteur.durable import MoteurDurable
from services.regles.moteur.port import ERREUR, Issue, Jugement, separer_par_niveau
from services.regles.paquet import Paquet
from services.regles.regle import Regle
from tests.moteurs.atelier import charger_regles_reelles
from tests.moteurs.fops_au_hasard import INGREDIENTS, Tirage
from tests.moteurs.oracle import Oracle
from tests.moteurs.regles_au_hasard import charger_paquet_au_hasard

FOPS_PAR_TRANCHE = 1_000
TRANCHES = range(10)
FOPS_PAR_REGLE = 100
"""De quoi revoir, par le seul hasard, chaque verdict que les cas d'une fiche annoncent."""


@cache
def preparer_tirage() -> Tirage:
    return Tirage(charger_regles_reelles())


@pytest.mark.parametrize("tranche", TRANCHES)
def test_dix_mille_fop_recoivent_la_meme_issue_des_deux_moteurs(tranche: int) -> None:
    paquet = charger_regles_reelles()
    direct, durable = MoteurDirect(paquet.regles), MoteurDurable(paquet.regles)
    try:
        for brut in preparer_tirage().tirer_plusieurs(tranche, FOPS_PAR_TRANCHE):
            faits = etablir_faits(lire_fop(brut), paquet.acheteurs)
            situation = paquet.situer(faits, paquet.cadrer(faits))
            attendu, obtenu = direct.juger(situation), durable.juger(situation)
            assert obtenu == attendu, brut
            assert ERREUR not in _aplatir(attendu), brut
    finally:
        durable.fermer()


def test_le_tirage_touche_chaque_verdict_que_les_cas_annoncent() -> None:
    """Un différentiel qui ne verrait que des « non applicable » ne prouverait rien."""
    paquet = charger_regles_reelles()
    direct = MoteurDirect(paquet.regles)
    consultation, lot = separer_par_niveau(paquet.regles)
    vus: dict[str, set[str]] = defaultdict(set)
    for brut in preparer_tirage().tirer_plusieurs(99, FOPS_PAR_REGLE * len(paquet.regles)):
        faits = etablir_faits(lire_fop(brut), paquet.acheteurs)
        jugement = direct.juger(paquet.situer(faits, paquet.cadrer(faits)))
        for regle, issue in zip(consultation, jugement.consultation, strict=True):
            vus[regle.fiche.cle].add(issue.verdict)
        for issues in jugement.lots:
            for regle, issue in zip(lot, issues, strict=True):
                vus[regle.fiche.cle].add(issue.verdict)
    manquants = {
        regle.fiche.cle: sorted(annonces - vus[regle.fiche.cle])
        for regle in paquet.regles
        if (annonces := _relever_annonces(regle)) - vus[regle.fiche.cle]
    }
    assert manquants == {}


def _relever_annonces(regle: Regle) -> set[str]:
    attendus = [cas.attendu for cas in regle.fiche.cas]
    return {str(a.verdict) for a in attendus if a.verdict} | {v for a in attendus if a.lots for v in a.lots.values()}


def test_chaque_fait_calcule_a_ses_ingredients_dans_le_tirage() -> None:
    assert set(INGREDIENTS) == set(CALCULS)


def test_le_calcul_naif_donne_raison_aux_moteurs_sur_le_paquet_reel() -> None:
    paquet = charger_regles_reelles()
    direct = MoteurDirect(paquet.regles)
    for brut in preparer_tirage().tirer_plusieurs(4242, 400):
        faits = etablir_faits(lire_fop(brut), paquet.acheteurs)
        _confronter_a_l_oracle(paquet, paquet.regles, faits, direct, brut)


@pytest.mark.parametrize("graine", range(3))
def test_cent_cinquante_regles_au_hasard_sont_jugees_pareil_par_les_deux_moteurs(graine: int) -> None:
    paquet, regles = charger_paquet_au_hasard(1)
    direct, durable = MoteurDirect(regles), MoteurDurable(regles)
    try:
        for brut in Tirage(paquet).tirer_plusieurs(graine, 100):
            faits = etablir_faits(lire_fop(brut), paquet.acheteurs)
            situation = paquet.situer(faits, paquet.cadrer(faits))
            attendu, obtenu = direct.juger(situation), durable.juger(situation)
            assert obtenu == attendu, brut
            assert ERREUR not in _aplatir(attendu), brut
    finally:
        durable.fermer()


@pytest.mark.parametrize("partage", [1, 2, 1_000])
def test_les_gardes_ne_changent_aucune_issue(partage: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Que toutes les conditions d'application communes deviennent des gardes, ou aucune."""
    monkeypatch.setattr(engendrement, "PARTAGE_MIN", partage)
    paquet, regles = charger_paquet_au_hasard(1)
    direct, durable = MoteurDirect(regles), MoteurDurable(regles)
    try:
        for brut in Tirage(paquet).tirer_plusieurs(50 + partage, 100):
            faits = etablir_faits(lire_fop(brut), paquet.acheteurs)
            situation = paquet.situer(faits, paquet.cadrer(faits))
            assert durable.juger(situation) == direct.juger(situation), brut
    finally:
        durable.fermer()


def test_le_calcul_naif_donne_raison_aux_moteurs_sur_des_regles_au_hasard() -> None:
    paquet, regles = charger_paquet_au_hasard(1)
    direct = MoteurDirect(regles)
    for brut in Tirage(paquet).tirer_plusieurs(3, 100):
        faits = etablir_faits(lire_fop(brut), paquet.acheteurs)
        _confronter_a_l_oracle(paquet, regles, faits, direct, brut)


def _confronter_a_l_oracle(
    paquet: Paquet, regles: Sequence[Regle], faits: Faits, direct: MoteurDirect, brut: dict[str, Any]
) -> None:
    cadrage = paquet.cadrer(faits)
    jugement = direct.juger(paquet.situer(faits, cadrage))
    consultation, lot = separer_par_niveau(regles)
    paires: list[tuple[Regle, dict[str, Any], Issue]] = [
        (regle, {}, issue) for regle, issue in zip(consultation, jugement.consultation, strict=True)
    ]
    for element, issues in zip(faits.lots, jugement.lots, strict=True):
        paires += [(regle, element, issue) for regle, issue in zip(lot, issues, strict=True)]
    for regle, element, issue in paires:
        oracle = Oracle(
            regle.fiche, faits.consultation, cadrage.dates[regle.groupe], paquet.parametres, paquet.referentiels
        )
        assert oracle.juger(element) == issue, (regle.fiche.id, brut)


def _aplatir(jugement: Jugement) -> list[Issue]:
    return [*jugement.consultation, *(issue for lot in jugement.lots for issue in lot)]
