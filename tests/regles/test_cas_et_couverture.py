"""Les cas des fiches : chacun tient sa promesse, et ensemble ils montrent chaque contrôle vrai, faux et inconnu."""

from pathlib import Path
from typing import Any

import pytest

from services.regles.cas import CasJoue, completer_fop, jouer_cas, jouer_un_cas, lister_cas
from services.regles.conditions import Feuille, parcourir
from services.regles.couverture import (
    JAMAIS_ABSENTS,
    decrire_controle,
    lister_possibles,
    mesurer_couverture,
)
from services.regles.faits import etablir_faits
from services.regles.fiches import Cas
from services.regles.paquet import Paquet, charger_paquet
from services.regles.verification import Verificateur
from tests.moteurs.atelier import charger_regles_reelles, fabriquer_contexte, lire_essai, typer_condition
from tests.regles.dossier_minimal import Contenu, copier, ecrire

# -------------------------------------------------------------------------------------------- le paquet livré


def test_tous_les_cas_livres_reussissent_sous_les_deux_moteurs(verificateur: Verificateur) -> None:
    joues = jouer_cas(verificateur)
    assert [joue for joue in joues if joue.fautes] == []
    assert len(joues) == sum(1 for _ in lister_cas(verificateur.paquet)) > 500


def test_chaque_controle_livre_est_vu_vrai_faux_et_inconnu() -> None:
    mesure = mesurer_couverture(charger_regles_reelles())
    manquants = [(c.fiche.id, c.partie, c.libelle, c.manquants) for c in mesure.controles if c.manquants]
    assert manquants == []
    assert mesure.obtenus == mesure.exiges > 500


def test_deux_cas_d_une_regle_n_ont_jamais_le_meme_nom() -> None:
    for regle in charger_regles_reelles().regles:
        noms = [cas.nom for cas in regle.fiche.cas]
        assert len(set(noms)) == len(noms), regle.fiche.id


# ------------------------------------------------------------------------------------ un cas qui ment se voit


def _jouer(tmp_path: Path, fiche: str, **attendu: Any) -> CasJoue:
    contenu = copier()
    contenu[fiche]["cas"][0]["attendu"] = attendu
    verificateur = Verificateur(charger_paquet(ecrire(tmp_path, contenu)), "direct")
    return next(joue for joue in jouer_cas(verificateur) if joue.nom == contenu[fiche]["cas"][0]["nom"])


CCP, VRA = "ccp/ccp-essai.yaml", "spaser-vra/vra-essai.yaml"


@pytest.mark.parametrize(
    ("fiche", "attendu", "extrait"),
    [
        (CCP, {"verdict": "ecart"}, "verdict attendu ecart, obtenu ['conforme']"),
        (CCP, {"lots": {"1": "conforme"}}, "verdicts attendus"),
        (CCP, {"verdict": "conforme", "a_demander": ["nature"]}, "à demander"),
        (CCP, {"verdict": "conforme", "parametres_absents": ["essai.seuil"]}, "paramètres absents"),
        (CCP, {"verdict": "conforme", "clauses": ["RC-ESSAI-01"]}, "clauses attendues"),
        (CCP, {"verdict": "conforme", "derogation": "CCP-ESSAI-D1"}, "dérogation attendue"),
        (CCP, {"verdict": "conforme", "message": "derogation_incomplete"}, "dérogation incomplète"),
        (VRA, {"lots": {"1": "conforme"}}, "verdicts attendus"),
        (VRA, {"verdict": "ecart"}, "verdict attendu ecart"),
    ],
)
def test_un_cas_qui_ment_dit_en_quoi(fiche: str, attendu: dict[str, Any], extrait: str, tmp_path: Path) -> None:
    (faute,) = _jouer(tmp_path, fiche, **attendu).fautes
    assert extrait in faute


@pytest.mark.parametrize(
    ("fiche", "attendu"),
    [
        (CCP, {"verdict": "conforme", "a_demander": [], "parametres_absents": [], "clauses": []}),
        (VRA, {"verdict": "conforme"}),
    ],
)
def test_un_cas_qui_dit_vrai_n_a_aucune_faute(fiche: str, attendu: dict[str, Any], tmp_path: Path) -> None:
    assert _jouer(tmp_path, fiche, **attendu).fautes == ()


def test_un_cas_a_la_fop_fautive_le_dit_sans_lever(minimal: Verificateur) -> None:
    fiche = minimal.paquet.regles[0].fiche
    cas = Cas.model_validate({"nom": "fautif", "fop": {"montant_htt": 3}, "attendu": {"verdict": "conforme"}})
    joue = jouer_un_cas(minimal, fiche, cas)
    assert joue.fautes and joue.fautes[0].startswith("FOP invalide : montant_htt")


def test_l_ordre_des_donnees_a_demander_compte(tmp_path: Path) -> None:
    contenu = copier()
    cas = contenu[CCP]["cas"][10]
    assert cas["nom"] == "aucune date"
    cas["fop"] = {**cas["fop"], "nature": None}
    for demandes, juste in ((["date_lancement", "nature"], True), (["nature", "date_lancement"], False)):
        cas["attendu"] = {"verdict": "indetermine", "a_demander": demandes}
        verificateur = Verificateur(charger_paquet(ecrire(tmp_path, contenu)), "direct")
        joue = next(j for j in jouer_cas(verificateur) if j.nom == "aucune date")
        assert (joue.fautes == ()) is juste


def test_completer_une_fop_n_ajoute_que_l_objet_et_l_acheteur() -> None:
    assert completer_fop({}) == {"objet": "Cas de règle", "acheteur": {"nom": "Acheteur du cas"}}
    assert completer_fop({"objet": "A", "acheteur": {"siret": "1"}, "cpv": "x"}) == {
        "objet": "A",
        "acheteur": {"nom": "Acheteur du cas", "siret": "1"},
        "cpv": "x",
    }
    assert completer_fop({"acheteur": None})["acheteur"] == {"nom": "Acheteur du cas"}


@pytest.mark.parametrize(
    "attendu", [{}, {"verdict": "conforme", "lots": {"1": "ecart"}}, {"verdict": "favorable"}, {"lots": {"1": "oui"}}]
)
def test_un_cas_attend_un_verdict_ou_des_lots_jamais_les_deux(attendu: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"attend|Input"):
        Cas.model_validate({"nom": "n", "fop": {}, "attendu": attendu})


# ------------------------------------------------------------------------------------------------- couverture


def _charger(tmp_path: Path, contenu: Contenu) -> Paquet:
    return charger_paquet(ecrire(tmp_path, contenu))


def test_retirer_un_cas_fait_paraitre_ce_qui_n_est_plus_vu(tmp_path: Path) -> None:
    contenu = copier()
    contenu[CCP]["cas"] = [c for c in contenu[CCP]["cas"] if c["nom"] not in ("nature inconnue", "services")]
    mesure = mesurer_couverture(_charger(tmp_path, contenu))
    manquants = [(c.partie, c.libelle, c.manquants) for c in mesure.controles if c.manquants]
    assert manquants == [("applicable_si", "nature egal travaux", ["faux", "inconnu"])]
    assert mesure.exiges - mesure.obtenus == 2


def test_un_controle_est_vu_meme_quand_la_regle_ne_s_applique_pas(tmp_path: Path) -> None:
    """L'arbre est examiné en entier : pas de court-circuit pour la couverture."""
    contenu = copier()
    fop = {"date_lancement": "2026-09-15", "nature": "services", "montant_ht": 70000}
    contenu[CCP]["cas"] = [{"nom": "services", "fop": fop, "attendu": {"verdict": "non_applicable"}}]
    mesure = mesurer_couverture(_charger(tmp_path, contenu))
    (exige,) = [c for c in mesure.controles if c.partie == "exige" and c.fiche.id == "CCP-ESSAI"]
    assert exige.vus == {"faux"}


def test_la_borne_exacte_est_reperee(tmp_path: Path) -> None:
    contenu = copier()
    (exige,) = [c for c in mesurer_couverture(_charger(tmp_path, contenu)).controles if "moins_de" in c.libelle]
    assert exige.a_la_borne
    contenu[CCP]["cas"] = [c for c in contenu[CCP]["cas"] if c["fop"]["montant_ht"] != 60000]
    (exige,) = [c for c in mesurer_couverture(_charger(tmp_path, contenu)).controles if "moins_de" in c.libelle]
    assert not exige.a_la_borne


V, F, INC = "vrai", "faux", "inconnu"


@pytest.mark.parametrize(
    ("ecrite", "possibles"),
    [
        ({"fait": "montant_ht", "moins_de": 3}, {V, F, INC}),
        ({"fait": "montant_ht", "renseigne": True}, {V, F}),
        ({"fait": "type_contrat", "egal": "marche"}, {V, F}),
        ({"fait": "base_legale_dispense", "egal": True}, {V, F}),
        ({"fait": "forme", "egal": "ordinaire"}, {V, F}),
        ({"pour_un": "criteres", "verifie": {"fait": ".type", "egal": "prix"}}, {V, F, INC}),
        ({"pour_un": "lots_effectifs", "verifie": {"fait": ".cpv", "renseigne": True}}, {V, F}),
        ({"pour_chaque": "lots_effectifs", "verifie": {"fait": ".cpv", "egal": "45000000"}}, {V, F, INC}),
        ({"toutes": [{"fait": "montant_ht", "renseigne": True}, {"fait": "cpv", "egal": "45000000"}]}, {V, F, INC}),
        ({"une_de": [{"fait": "montant_ht", "renseigne": True}, {"fait": "livre", "egal": "1"}]}, {V, F}),
    ],
)
def test_les_resultats_possibles_d_un_controle_sont_exactement_ceux_la(
    ecrite: dict[str, Any], possibles: set[str]
) -> None:
    contexte = fabriquer_contexte(suppositions={"forme": "ordinaire"})
    assert lister_possibles(typer_condition(ecrite, contexte), {}) == possibles


def test_une_comparaison_a_un_parametre_toujours_inconnu_ne_peut_etre_qu_inconnue(tmp_path: Path) -> None:
    contenu = copier()
    for ligne in contenu["parametres/essai.yaml"]["essai.seuil"]["valeurs"]:
        ligne["valeur"] = "a_renseigner"
    paquet = _charger(tmp_path, contenu)
    regle = paquet.trouver_regle("CCP-ESSAI")
    assert regle is not None
    assert lister_possibles(regle.exige, paquet.parametres) == {INC}


def test_les_faits_dits_jamais_absents_sont_toujours_la() -> None:
    assert set(etablir_faits(lire_essai(), {}).consultation) >= JAMAIS_ABSENTS


def test_un_controle_se_decrit_en_une_ligne() -> None:
    for regle in charger_regles_reelles().regles:
        for arbre in regle.lister_arbres():
            for noeud in parcourir(arbre):
                libelle = decrire_controle(noeud)
                assert "\n" not in libelle and len(libelle) < 300
                if isinstance(noeud, Feuille):
                    assert noeud.operateur.nom in libelle
