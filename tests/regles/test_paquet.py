"""Le paquet : toutes ses fautes d'un coup, avec fichier et ligne, et une empreinte qui ne ment pas."""

import contextlib
import gc
import random
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.regles.erreurs import Anomalie, PaquetInvalide
from services.regles.faits import etablir_faits
from services.regles.fiches import LIBELLES_CORPUS
from services.regles.paquet import charger_paquet, lire_sources, suspendre_ramasse_miettes
from tests.moteurs.atelier import REGLES, charger_regles_reelles, lire_essai
from tests.regles.dossier_minimal import Contenu, copier, ecrire, trouver_ligne


def _refuser(racine: Path) -> tuple[Anomalie, ...]:
    with pytest.raises(PaquetInvalide) as refus:
        charger_paquet(racine)
    for anomalie in refus.value.anomalies:
        texte = str(anomalie)
        assert anomalie.ligne is not None and anomalie.ligne >= 1, texte
        assert anomalie.fichier is not None
        assert "Traceback" not in texte and "Input should" not in texte and "pydantic" not in texte
        assert anomalie.correction, texte
    assert str(refus.value).count("\n") == len(refus.value.anomalies) - 1
    return refus.value.anomalies


def test_le_paquet_livre_se_charge() -> None:
    paquet = charger_regles_reelles()
    assert len(paquet.regles) >= 151
    assert {regle.fiche.corpus for regle in paquet.regles} == set(LIBELLES_CORPUS)
    assert all(regle.fiche.relecture_juridique == "a_faire" for regle in paquet.regles)


def test_toutes_les_fautes_sont_rendues_d_un_coup(tmp_path: Path) -> None:
    contenu = copier()
    contenu["ccp/ccp-essai.yaml"]["gravite"] = "grave"
    contenu["spaser-vra/vra-essai.yaml"]["exige"] = {"fait": ".clauses_enviro", "nombre_au_moins": 1}
    contenu["pnad/pnad-essai.yaml"]["remede"]["clauses"] = ["RC-RIEN-01"]
    contenu["parametres/essai.yaml"]["essai.seuil"]["unite"] = "francs"
    contenu["clauses/rc.yaml"]["RC-ESSAI-01"]["texte"] = "{{ rien }}"
    contenu["referentiels/segments.yaml"]["voirie"]["cpv"] = [45233]
    contenu["agec/illisible.yaml"] = "a: [1\nb: 2\n"
    fautes = _refuser(ecrire(tmp_path, contenu))
    assert {f.fichier for f in fautes} == {
        f"regles/{nom}"
        for nom in (
            "ccp/ccp-essai.yaml",
            "spaser-vra/vra-essai.yaml",
            "pnad/pnad-essai.yaml",
            "parametres/essai.yaml",
            "clauses/rc.yaml",
            "referentiels/segments.yaml",
            "agec/illisible.yaml",
        )
    }


FAUTES: tuple[tuple[str, str, Callable[[Contenu], Any], str, str], ...] = (
    (
        "gravite",
        "ccp/ccp-essai.yaml",
        lambda c: c["ccp/ccp-essai.yaml"].update(gravite="grave"),
        "gravite",
        '"gravite"',
    ),
    (
        "cle inconnue",
        "ccp/ccp-essai.yaml",
        lambda c: c["ccp/ccp-essai.yaml"].update(gravitee="majeur"),
        "gravitee",
        '"gravitee"',
    ),
    (
        "cle de message inconnue",
        "ccp/ccp-essai.yaml",
        lambda c: c["ccp/ccp-essai.yaml"]["messages"].update(ecarts="Non."),
        "messages.ecarts",
        '"ecarts"',
    ),
    (
        "opérateur inconnu",
        "ccp/ccp-essai.yaml",
        lambda c: c["ccp/ccp-essai.yaml"].update(exige={"fait": "montant_ht", "superieur_a": 3}),
        "exige.superieur_a",
        '"superieur_a"',
    ),
    (
        "date impossible",
        "ccp/ccp-essai.yaml",
        lambda c: c["ccp/ccp-essai.yaml"]["effet"].update(du="2026-02-30"),
        "effet.du",
        '"du"',
    ),
    (
        "clause sans trou déclaré",
        "clauses/rc.yaml",
        lambda c: c["clauses/rc.yaml"]["CCAP-ESSAI-01"]["trous"].pop("flux"),
        "CCAP-ESSAI-01",
        '"CCAP-ESSAI-01"',
    ),
    (
        "ligne de paramètre sans texte",
        "parametres/essai.yaml",
        lambda c: c["parametres/essai.yaml"]["essai.seuil"]["valeurs"][1].pop("texte"),
        "essai.seuil.valeurs[2].texte",
        '"depuis": "2026-04-01"',
    ),
)


@pytest.mark.parametrize(("nom", "fichier", "gater", "chemin", "extrait"), FAUTES, ids=[faute[0] for faute in FAUTES])
def test_une_faute_dit_son_fichier_sa_ligne_et_son_chemin(
    nom: str, fichier: str, gater: Callable[[Contenu], Any], chemin: str, extrait: str, tmp_path: Path
) -> None:
    contenu = copier()
    gater(contenu)
    racine = ecrire(tmp_path, contenu)
    (faute,) = [f for f in _refuser(racine) if f.fichier == f"regles/{fichier}"]
    assert faute.chemin == chemin
    ligne = trouver_ligne(racine, fichier, extrait)
    # Une clé manquante se dit à la ligne de l'objet qui devrait la porter : celle de son ouverture.
    assert faute.ligne in (ligne, ligne - 1)


@pytest.mark.parametrize(
    ("chemin", "ecrite", "proche"),
    [
        ((), "exigee", "exige"),
        ((), "parametre", "parametres"),
        (("effet",), "dus", "du"),
        (("messages",), "indetermines", "indetermine"),
        (("remede",), "clause", "clauses"),
        (("exige",), "moin_de", "moins_de"),
        (("references", 0), "articles", "article"),
        (("cas", 0), "attendus", "attendu"),
    ],
)
def test_une_cle_inconnue_propose_la_plus_proche(
    chemin: tuple[str | int, ...], ecrite: str, proche: str, tmp_path: Path
) -> None:
    contenu = copier()
    objet = contenu["ccp/ccp-essai.yaml"]
    for partie in chemin:
        objet = objet[partie]
    objet[ecrite] = "x"
    (faute,) = [f for f in _refuser(ecrire(tmp_path, contenu)) if f.code == "cle_inconnue"]
    assert faute.correction == f"écrire « {proche} »"
    assert faute.chemin.endswith(ecrite)


@pytest.mark.parametrize(
    ("fichier", "cle", "proche"),
    [
        ("parametres/essai.yaml", "libele", "libelle"),
        ("clauses/rc.yaml", "segment", "segments"),
        ("referentiels/familles_agec.yaml", "saufs", "sauf"),
        ("referentiels/acheteurs.yaml", "sirets", "siret"),
    ],
)
def test_une_cle_inconnue_hors_des_fiches_propose_la_plus_proche(
    fichier: str, cle: str, proche: str, tmp_path: Path
) -> None:
    contenu = copier()
    next(iter(contenu[fichier].values()))[cle] = "x"
    (faute,) = [f for f in _refuser(ecrire(tmp_path, contenu)) if f.code == "cle_inconnue"]
    assert faute.correction == f"écrire « {proche} »"


def test_une_cle_en_double_empeche_le_chargement(tmp_path: Path) -> None:
    contenu = copier()
    contenu["parametres/zz.yaml"] = "a:\n  libelle: x\n  libelle: y\n"
    (faute,) = _refuser(ecrire(tmp_path, contenu))
    assert (faute.code, faute.fichier, faute.ligne) == ("cle_en_double", "regles/parametres/zz.yaml", 3)


def test_un_dossier_absent_est_dit(tmp_path: Path) -> None:
    (faute,) = _refuser(tmp_path / "rien")
    assert faute.code == "dossier_absent"


def test_un_dossier_vide_manque_de_version(tmp_path: Path) -> None:
    (faute,) = _refuser(tmp_path)
    assert faute.code == "paquet_sans_version"


def test_un_fichier_a_la_place_du_dossier_est_dit(tmp_path: Path) -> None:
    (tmp_path / "regles").write_text("x", encoding="utf-8")
    (faute,) = _refuser(tmp_path / "regles")
    assert faute.code == "dossier_absent"


@pytest.mark.parametrize("nom", ["divers/x.yaml", "x.yaml", "ccps/ccp-essai.yaml"])
def test_un_fichier_mal_range_est_dit(nom: str, tmp_path: Path) -> None:
    (faute,) = _refuser(ecrire(tmp_path, {**copier(), nom: {"a": 1}}))
    assert faute.code == "dossier_inconnu"


@pytest.mark.parametrize("texte", ["- a\n- b\n", "texte\n", "12\n", "---\n"])
@pytest.mark.parametrize(
    "nom", ["parametres/zz.yaml", "clauses/zz.yaml", "referentiels/zz.yaml", "ccp/zz.yaml", "paquet.yaml"]
)
def test_un_document_qui_n_est_pas_un_objet_est_dit(nom: str, texte: str, tmp_path: Path) -> None:
    fautes = _refuser(ecrire(tmp_path, {**copier(), nom: texte}))
    assert any(f.fichier == f"regles/{nom}" for f in fautes)


@pytest.mark.parametrize("version", ["2026.11", "2026.1.0", "v2026.11.0", 2026, None])
def test_une_version_de_paquet_mal_ecrite_est_refusee(version: object, tmp_path: Path) -> None:
    contenu = copier()
    contenu["paquet.yaml"]["version"] = version
    (faute,) = _refuser(ecrire(tmp_path, contenu))
    assert (faute.fichier, faute.chemin) == ("regles/paquet.yaml", "version")


@pytest.mark.parametrize("statut", ["brouillon", "suspendue", "abrogee"])
def test_une_fiche_non_active_est_controlee_mais_jamais_jugee(statut: str, tmp_path: Path) -> None:
    contenu = copier()
    contenu["ccp/ccp-essai.yaml"]["statut"] = statut
    paquet = charger_paquet(ecrire(tmp_path, contenu))
    assert paquet.trouver_regle("CCP-ESSAI") is None
    assert [r.fiche.id for r in paquet.regles] == ["PNAD-ESSAI", "VRA-ESSAI"]
    contenu["ccp/ccp-essai.yaml"]["exige"] = {"fait": "montant_htt", "moins_de": 1}
    assert [f.code for f in _refuser(ecrire(tmp_path, contenu))] == ["L04"]


# -------------------------------------------------------------------------------------------------- empreinte


def test_l_empreinte_est_stable_et_ne_depend_pas_du_lieu(tmp_path: Path) -> None:
    une = charger_paquet(ecrire(tmp_path / "a", copier()))
    meme = charger_paquet(ecrire(tmp_path / "a", copier()))
    ailleurs = charger_paquet(ecrire(tmp_path / "b" / "c", dict(reversed(copier().items()))))
    assert une.empreinte == meme.empreinte == ailleurs.empreinte
    assert len(une.empreinte) == 64


def test_le_moindre_octet_change_l_empreinte(tmp_path: Path) -> None:
    racine = ecrire(tmp_path, copier())
    depart = lire_sources(racine).empreinte
    hasard = random.Random(5)
    for fichier in sorted(racine.rglob("*.yaml")):
        octets = fichier.read_bytes()
        rang = hasard.randrange(len(octets))
        fichier.write_bytes(octets[:rang] + bytes([octets[rang] ^ 1]) + octets[rang + 1 :])
        assert lire_sources(racine).empreinte != depart, fichier
        fichier.write_bytes(octets + b"\n")
        assert lire_sources(racine).empreinte != depart, fichier
        fichier.write_bytes(octets)
    assert lire_sources(racine).empreinte == depart


def test_renommer_ou_deplacer_un_fichier_change_l_empreinte(tmp_path: Path) -> None:
    racine = ecrire(tmp_path, copier())
    depart = lire_sources(racine).empreinte
    shutil.move(racine / "clauses/rc.yaml", racine / "clauses/rcc.yaml")
    assert lire_sources(racine).empreinte != depart


def test_l_empreinte_du_paquet_livre_est_la_meme_d_un_chargement_a_l_autre() -> None:
    assert lire_sources(REGLES).empreinte == charger_regles_reelles().empreinte


# ---------------------------------------------------------------------------------------------------- cadrage


def test_la_premiere_date_presente_de_la_liste_decide() -> None:
    paquet = charger_regles_reelles()
    regle = paquet.trouver_regle("AGEC-58-MOBILIER")
    autre = paquet.trouver_regle("CCP-ENV-CRITERE")
    assert regle is not None and autre is not None
    assert regle.fiche.effet.date_de_reference == ["date_debut_execution", "date_notification_prevue", "date_lancement"]
    for donnees, attendu in (
        ({"date_lancement": "2026-09-01"}, date(2026, 9, 1)),
        ({"date_lancement": "2026-09-01", "date_notification_prevue": "2027-01-05"}, date(2027, 1, 5)),
        (
            {
                "date_lancement": "2026-09-01",
                "date_notification_prevue": "2027-01-05",
                "date_debut_execution": "2027-02-01",
            },
            date(2027, 2, 1),
        ),
    ):
        faits = etablir_faits(lire_essai(**donnees), paquet.acheteurs)
        cadrage = paquet.cadrer(faits)
        assert cadrage.dates[regle.groupe] == attendu
        assert cadrage.dates[autre.groupe] == date(2026, 9, 1)


def test_sans_date_toute_periode_est_inconnue_et_aucun_parametre_ne_vaut() -> None:
    paquet = charger_regles_reelles()
    cadrage = paquet.cadrer(etablir_faits(lire_essai(), paquet.acheteurs))
    assert set(cadrage.periodes) == {None}
    assert all(cadre == {} for cadre in cadrage.cadres)


@pytest.mark.parametrize(
    ("jour", "en_vigueur"),
    [("2022-12-31", False), ("2023-01-01", True), ("2026-12-31", True), ("2027-01-01", False)],
)
def test_une_periode_comprend_son_premier_et_son_dernier_jour(jour: str, en_vigueur: bool, tmp_path: Path) -> None:
    paquet = charger_paquet(ecrire(tmp_path, copier()))
    regle = paquet.trouver_regle("VRA-ESSAI")
    assert regle is not None
    faits = etablir_faits(lire_essai(date_lancement=jour), {})
    assert paquet.cadrer(faits).periodes[regle.fenetre] is en_vigueur


def test_les_acheteurs_sont_indexes_par_siren(tmp_path: Path) -> None:
    paquet = charger_paquet(ecrire(tmp_path, copier()))
    assert set(paquet.acheteurs) == {"200040483"}
    assert paquet.acheteurs["200040483"].spaser == "vra_2023_2026"


# ----------------------------------------------------------------------------------------- ramasse-miettes


def test_le_ramasse_miettes_repart_apres_le_chargement_meme_fautif() -> None:
    with contextlib.suppress(ValueError), suspendre_ramasse_miettes():
        assert not gc.isenabled()
        raise ValueError
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_ce_que_l_appelant_avait_mis_a_l_abri_y_reste() -> None:
    gc.freeze()
    try:
        abrites = gc.get_freeze_count()
        with suspendre_ramasse_miettes():
            pass
        assert gc.get_freeze_count() >= abrites // 2 > 0
    finally:
        gc.unfreeze()


def test_un_ramasse_miettes_arrete_le_reste() -> None:
    gc.disable()
    try:
        with suspendre_ramasse_miettes():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
