"""L'explication ne décide rien, mais elle ne doit jamais contredire le moteur."""

from datetime import date
from typing import Any

import pytest

from services.regles.conditions import Feuille, parcourir
from services.regles.faits import Faits, etablir_faits
from services.regles.lecture_fop import lire_fop
from services.regles.moteur.direct import MoteurDirect, compiler
from services.regles.moteur.port import separer_par_niveau
from services.regles.paquet import Cadrage, Paquet
from services.regles.regle import Regle
from services.regles.trace import (
    Dossier,
    Examen,
    choisir_parties_en_suspens,
    relever_absents,
    tracer,
)
from tests.moteurs.atelier import charger_regles_reelles, fabriquer_regle, lire_essai, porter_sur
from tests.moteurs.fops_au_hasard import Tirage
from tests.moteurs.regles_au_hasard import charger_paquet_au_hasard


def _comparer_tout(paquet: Paquet, regles: tuple[Regle, ...], brut: dict[str, Any]) -> None:
    faits = etablir_faits(lire_fop(brut), paquet.acheteurs)
    cadrage = paquet.cadrer(faits)
    for regle in regles:
        cadre = cadrage.cadres[regle.groupe]
        for rang in range(len(faits.lots)) if regle.niveau_lot else [None]:
            examen = Examen(regle, faits, cadrage, rang)
            element = faits.lots[rang] if rang is not None else {}
            for arbre in regle.lister_arbres():
                attendu = compiler(arbre)((faits.consultation, element, cadre))
                assert examen.examiner(arbre).resultat is attendu, (regle.fiche.id, brut)


def test_le_traceur_rend_le_meme_resultat_que_les_fermetures_sur_les_regles_livrees() -> None:
    paquet = charger_regles_reelles()
    for brut in Tirage(paquet).tirer_plusieurs(23, 120):
        _comparer_tout(paquet, paquet.regles, brut)


def test_le_traceur_rend_le_meme_resultat_que_les_fermetures_sur_tout_arbre() -> None:
    paquet, _ = charger_paquet_au_hasard(1)
    for brut in Tirage(paquet).tirer_plusieurs(29, 40):
        _comparer_tout(paquet, paquet.regles, brut)


def _relever_indetermines(paquet: Paquet, brut: dict[str, Any]) -> list[tuple[Regle, Faits, Cadrage, int | None]]:
    faits = etablir_faits(lire_fop(brut), paquet.acheteurs)
    cadrage = paquet.cadrer(faits)
    jugement = MoteurDirect(paquet.regles).juger(paquet.situer(faits, cadrage))
    consultation, lot = separer_par_niveau(paquet.regles)
    lieux: list[tuple[Regle, Faits, Cadrage, int | None]] = [
        (regle, faits, cadrage, None)
        for regle, issue in zip(consultation, jugement.consultation, strict=True)
        if issue.verdict == "indetermine"
    ]
    for rang, issues in enumerate(jugement.lots):
        lieux += [
            (regle, faits, cadrage, rang)
            for regle, issue in zip(lot, issues, strict=True)
            if issue.verdict == "indetermine"
        ]
    return lieux


@pytest.mark.parametrize("au_hasard", [False, True], ids=["regles_livrees", "regles_au_hasard"])
def test_toute_indetermination_dit_ce_qui_manque(au_hasard: bool) -> None:
    """« Indéterminé » sans rien à demander ni paramètre absent laisserait l'acheteur sans issue."""
    paquet = charger_paquet_au_hasard(1)[0] if au_hasard else charger_regles_reelles()
    for brut in Tirage(paquet).tirer_plusieurs(31, 50):
        for regle, faits, cadrage, rang in _relever_indetermines(paquet, brut):
            if cadrage.dates[regle.groupe] is None:
                continue  # la date elle-même est alors demandée
            dossier = Dossier(regle, faits, cadrage, rang)
            demandes, parametres = relever_absents(choisir_parties_en_suspens(regle, dossier))
            assert demandes or parametres, (regle.fiche.id, brut)
            assert len(set(demandes)) == len(demandes)


def test_ce_qui_est_demande_est_toujours_absent_des_faits() -> None:
    paquet = charger_regles_reelles()
    for brut in Tirage(paquet).tirer_plusieurs(37, 100):
        for regle, faits, cadrage, rang in _relever_indetermines(paquet, brut):
            dossier = Dossier(regle, faits, cadrage, rang)
            demandes, _ = relever_absents(choisir_parties_en_suspens(regle, dossier))
            for demande in demandes:
                assert demande not in faits.consultation, (regle.fiche.id, demande, brut)


def test_la_trace_dit_chaque_controle_une_fois_avec_valeur_borne_et_provenance() -> None:
    paquet = charger_regles_reelles()
    fop = lire_essai(
        acheteur={"siret": "20004048300014"},
        date_lancement="2026-09-15",
        procedure="lettre_de_consultation",
        nature="services",
        montant_ht="59999.99",
    )
    faits = etablir_faits(fop, paquet.acheteurs)
    regle = paquet.trouver_regle("CCP-PROC-DISPENSE")
    assert regle is not None
    lus = tracer(Dossier(regle, faits, paquet.cadrer(faits), 0))
    assert len(lus) == sum(1 for arbre in regle.lister_arbres() for _ in parcourir(arbre))
    seuil = next(c for c in lus if c.parametre is not None and c.parametre.cle == "ccp.dispense.fournitures_services")
    assert (seuil.chemin, seuil.operateur, seuil.resultat) == ("valeur_besoin_ht", "<", "vrai")
    assert seuil.provenance == "calcule"
    assert seuil.parametre is not None
    assert (seuil.parametre.valeur, str(seuil.parametre.depuis)) == (60000, "2026-04-01")
    par_chemin = {c.chemin: c for c in lus}
    assert par_chemin["type_contrat"].provenance == "suppose"
    assert par_chemin["nature"].provenance == "saisi"
    assert all(isinstance(a, Feuille) for arbre in regle.lister_arbres() for a in parcourir(arbre))


def test_une_branche_deja_tranchee_ne_demande_plus_rien() -> None:
    """« une_de » reste inconnu, mais sa branche fausse ne peut plus devenir vraie : on n'y demande rien."""
    regle = fabriquer_regle(
        {
            "une_de": [
                {"toutes": [{"fait": "innovant", "egal": True}, {"fait": "pse", "egal": True}]},
                {"fait": "preinformation", "egal": True},
                {"pour_un": "criteres", "verifie": {"fait": ".type", "egal": "prix"}},
            ]
        }
    )
    faits = porter_sur({"innovant": False, "criteres": [{"type": "delai"}, {}]})
    cadrage = Cadrage((date(2026, 9, 15),), ({},), ({},), (True,))
    dossier = Dossier(regle, faits, cadrage, None)
    assert relever_absents(choisir_parties_en_suspens(regle, dossier)) == (["preinformation", "criteres[2].type"], [])
