"""Une donnée essentielle devient une fiche : ce qu'elle tait reste absent, ce qui ne se lit pas est dit."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.regles.decp import convertir, lire_decp
from services.regles.erreurs import FopInvalide
from services.regles.lecture_fop import lire_fop

RACINE = Path(__file__).resolve().parents[2]
REELLES = RACINE.parent / "shared" / "donnees" / "decp-echantillon.jsonl"


def _marche(**changements: Any) -> dict[str, Any]:
    return {
        "id": "2024-MARCHE_1",
        "nature": "Marché",
        "objet": "Réfection de la toiture",
        "codeCPV": "45261210-9",
        "procedure": "Procédure adaptée",
        "dureeMois": 4,
        "dateNotification": "2024-05-30",
        "montant": 90000.5,
        "acheteur": {"id": "20004048300014", "nom": "Valence Romans Agglo"},
        **changements,
    }


def test_une_fiche_importee_se_lit_et_garde_l_essentiel() -> None:
    importee = convertir(_marche())
    fop = lire_fop(importee.fop)
    assert (fop.objet, fop.cpv) == ("Réfection de la toiture", "45261210")
    assert (str(fop.montant_ht), str(fop.duree_mois)) == ("90000.50", "4")
    assert fop.procedure == "procedure_adaptee"
    assert importee.nom == "20004048300014-2024-marche-1"
    assert importee.ecartes == []


def test_ce_que_la_donnee_tait_reste_absent() -> None:
    fop = lire_fop(convertir(_marche()).fop)
    absents = (
        fop.date_lancement,
        fop.criteres,
        fop.lots,
        fop.allotissement,
        fop.clauses_env,
        fop.clauses_soc,
        fop.forme,
    )
    assert set(absents) == {None}


def test_la_notification_est_un_resultat_jamais_une_date_de_lancement() -> None:
    fop = lire_fop(convertir(_marche()).fop)
    assert fop.resultat is not None and str(fop.resultat.date_notification) == "2024-05-30"


@pytest.mark.parametrize(
    ("libelle", "procedure"),
    [
        ("Appel d offres ouvert", "appel_offres_ouvert"),
        ("Appel d’offres restreint", "appel_offres_restreint"),
        ("Procédure concurrentielle avec négociation", "procedure_avec_negociation"),
        ("Procédure négociée avec mise en concurrence préalable", "procedure_avec_negociation"),
        (
            "Marché négocié sans publicité ni mise en concurrence préalable",
            "sans_publicite_ni_mise_en_concurrence",
        ),
        ("Dialogue compétitif", "dialogue_competitif"),
    ],
)
def test_les_libelles_de_procedure_de_2019_et_de_2024_sont_compris(libelle: str, procedure: str) -> None:
    assert convertir(_marche(procedure=libelle)).fop["procedure"] == procedure


@pytest.mark.parametrize(
    ("changement", "raison"),
    [
        ({"montant": 0}, "montant absent, nul ou négatif"),
        ({"montant": None}, "montant absent, nul ou négatif"),
        ({"dureeMois": "0"}, "durée absente, nulle ou hors bornes"),
        ({"dureeMois": "douze"}, "durée absente, nulle ou hors bornes"),
        ({"dateNotification": "0218-12-26"}, "date de notification absente ou hors bornes"),
        ({"procedure": "Autre"}, "procédure absente ou inconnue"),
        ({"acheteur": {"id": "20004048300015"}}, "SIRET de l'acheteur absent ou faux"),
    ],
)
def test_une_valeur_illisible_est_ecartee_et_dite(changement: dict[str, Any], raison: str) -> None:
    importee = convertir(_marche(**changement))
    assert importee.ecartes == [raison]
    lire_fop(importee.fop)


def test_les_caracteres_de_controle_d_un_objet_publie_sont_retires() -> None:
    assert convertir(_marche(objet="Pose\x0b de  clôtures\u200b")).fop["objet"] == "Pose de clôtures"


@pytest.mark.parametrize(
    ("declarees", "clauses"),
    [
        (["Clause environnementale"], 1),
        (["Pas de considération environnementale"], 0),
        (["Critère environnemental"], None),
        ([], None),
    ],
)
def test_une_clause_declaree_n_a_pas_de_texte_et_un_critere_declare_n_est_pas_repris(
    declarees: list[str], clauses: int | None
) -> None:
    fop = convertir(_marche(considerationsEnvironnementales={"considerationEnvironnementale": declarees})).fop
    lues = fop.get("clauses_env")
    assert (None if lues is None else len(lues)) == clauses
    assert "criteres" not in fop


@pytest.mark.parametrize(
    "document",
    [
        [_marche(), _marche()],
        {"marches": [_marche(), _marche()]},
        {"marches": {"marche": [_marche(), _marche()]}},
    ],
)
def test_les_trois_formes_publiees_se_lisent(document: Any) -> None:
    assert len(list(lire_decp(json.dumps(document).encode()))) == 2
    par_ligne = "\n".join(json.dumps(_marche()) for _ in range(3))
    assert len(list(lire_decp(par_ligne.encode()))) == 3


def test_un_fichier_qui_n_est_pas_une_liste_de_marches_est_refuse() -> None:
    with pytest.raises(FopInvalide):
        list(lire_decp(b"[1, 2]"))
    with pytest.raises(FopInvalide):
        list(lire_decp(b"{tronque"))


def test_un_marche_vide_donne_une_fiche_qui_se_lit() -> None:
    lire_fop(convertir({}).fop)


@pytest.mark.skipif(not REELLES.is_file(), reason="données essentielles réelles absentes")
def test_les_marches_reels_donnent_tous_une_fiche_qui_se_lit() -> None:
    marches = list(lire_decp(REELLES.read_bytes()))
    assert len(marches) == 620
    for marche in marches:
        lire_fop(convertir(marche).fop)
