"""Les phrases du rapport : filtres fermés, absents dits, espaces insécables."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.regles.champs import CHAMPS
from services.regles.faits import trouver_champ
from services.regles.lint import controler_dossier
from services.regles.messages import (
    ABSENT,
    FILTRES,
    LIBELLES,
    composer,
    ecrire_date,
    ecrire_euros,
    ecrire_liste,
    ecrire_nombre,
    ecrire_pourcent,
    ecrire_simplement,
    lister_variables,
)
from services.regles.paquet import charger_paquet
from services.regles.verification import Verificateur
from tests.moteurs.atelier import charger_regles_reelles, lire_essai
from tests.regles.dossier_minimal import copier, ecrire

NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("valeur", "ecrit"),
    [
        (0, "0 €"),
        (Decimal("0.01"), "0,01 €"),
        (Decimal("0.10"), "0,10 €"),
        (999, "999 €"),
        (1000, "1 000 €"),
        (Decimal("59999.99"), "59 999,99 €"),
        (Decimal("40000.00"), "40 000 €"),
        (Decimal("999999999999.99"), "999 999 999 999,99 €"),
        (Decimal("4E+4"), "40 000 €"),
    ],
)
def test_un_montant_s_ecrit_a_la_francaise_avec_des_insecables(valeur: Any, ecrit: str) -> None:
    assert ecrire_euros(valeur) == ecrit.replace(" ", NBSP)
    assert " " not in ecrire_euros(valeur)


@pytest.mark.parametrize(
    ("valeur", "ecrit"),
    [
        (0, "0 %"),
        (Decimal("0.2"), "20 %"),
        (Decimal("0.20"), "20 %"),
        (Decimal("0.125"), "12,5 %"),
        (1, "100 %"),
        (Decimal("0.333334"), "33,3334 %"),
        (Decimal("0.005"), "0,5 %"),
        (3, "300 %"),
    ],
)
def test_une_part_s_ecrit_en_pour_cent(valeur: Any, ecrit: str) -> None:
    assert ecrire_pourcent(valeur) == ecrit.replace(" ", NBSP)


@pytest.mark.parametrize(
    ("valeur", "ecrit"),
    [
        (date(2026, 8, 21), "21 août 2026"),
        (date(2026, 4, 1), "1er avril 2026"),
        (date(2026, 12, 31), "31 décembre 2026"),
        (date(2026, 2, 2), "2 février 2026"),
    ],
)
def test_une_date_s_ecrit_en_toutes_lettres(valeur: date, ecrit: str) -> None:
    assert ecrire_date(valeur) == ecrit


@pytest.mark.parametrize(
    ("valeur", "ecrit"),
    [([], "0"), ([1, 2], "2"), ((1,), "1"), (Decimal("12.50"), "12,5"), (Decimal("100"), "100"), (7, "7")],
)
def test_nombre_ecrit_une_taille_ou_un_nombre(valeur: Any, ecrit: str) -> None:
    assert ecrire_nombre(valeur) == ecrit


@pytest.mark.parametrize(
    ("valeur", "ecrit"), [([], "aucun"), (["a"], "a"), (["a", "b"], "a, b"), (("x",), "x"), ("texte", "texte")]
)
def test_liste_ecrit_les_elements_ou_aucun(valeur: Any, ecrit: str) -> None:
    assert ecrire_liste(valeur) == ecrit


@pytest.mark.parametrize(
    ("valeur", "ecrit"),
    [
        (True, "oui"),
        (False, "non"),
        ("procedure_adaptee", "procédure adaptée"),
        ("mise_sous_pli", "mise sous pli"),
        ("travaux", "travaux"),
        ("R2122_3", "R2122_3"),
        ("Un texte_libre", "Un texte_libre"),
        (Decimal("1E+2"), "100"),
        (date(2026, 4, 1), "1er avril 2026"),
        (["a", "b"], "a, b"),
    ],
)
def test_sans_filtre_une_valeur_s_ecrit_simplement(valeur: Any, ecrit: str) -> None:
    assert ecrire_simplement(valeur) == ecrit


def test_chaque_enumere_mis_en_toutes_lettres_est_une_valeur_de_la_fop() -> None:
    valeurs = {valeur for champ in CHAMPS.values() for valeur in champ.valeurs}
    assert set(LIBELLES) <= valeurs
    for valeur, libelle in LIBELLES.items():
        assert ecrire_simplement(valeur) == libelle
        assert "_" not in libelle and not libelle.endswith(".")


def test_les_filtres_sont_fermes() -> None:
    assert set(FILTRES) == {"euros", "pourcent", "date", "nombre", "liste"}


def test_une_variable_absente_se_dit_non_renseignee_quel_que_soit_le_filtre() -> None:
    for filtre in ("", *(f" | {f}" for f in FILTRES)):
        assert composer(f"Montant {{{{ montant_ht{filtre} }}}}.", lambda nom: None) == f"Montant {ABSENT}."


@pytest.mark.parametrize(
    "gabarit",
    ["{{ montant | euros }}", "{{montant|euros}}", "{{  montant  |  euros  }}", "{{ montant| euros}}"],
)
def test_les_espaces_d_une_variable_ne_comptent_pas(gabarit: str) -> None:
    assert composer(gabarit, {"montant": 5}.get) == f"5{NBSP}€"


def test_un_gabarit_n_est_jamais_evalue() -> None:
    for piege in ("{{ __import__('os') }}", "{{ 1 + 1 }}", "{% if x %}", "{montant}", "%(montant)s", "{{{{ x }}}}"):
        rendu = composer(piege, lambda nom: None)
        assert "2" not in rendu and "module" not in rendu


def test_une_valeur_qui_ressemble_a_un_gabarit_n_est_pas_relue() -> None:
    assert composer("{{ a }}", {"a": "{{ b }}", "b": "secret"}.get) == "{{ b }}"


def test_les_variables_d_un_gabarit_se_listent_dans_l_ordre() -> None:
    assert lister_variables("{{ .cpv }} puis {{ montant_ht | euros }} et {{ effet.du|date }}") == [
        (".cpv", None),
        ("montant_ht", "euros"),
        ("effet.du", "date"),
    ]


def test_le_bord_d_un_gabarit_est_rogne() -> None:
    assert composer("\n  Un message.\n", lambda nom: None) == "Un message."


# ---------------------------------------------------------------------------- les messages des fiches livrées


def test_chaque_filtre_livre_convient_au_genre_de_sa_donnee() -> None:
    """Tant que le lint ne le dit pas, ce test le tient pour les fiches livrées."""
    permis = {
        "euros": {"nombre"},
        "pourcent": {"nombre"},
        "date": {"date"},
        "nombre": {"nombre", "liste"},
        "liste": {"liste"},
    }
    for regle in charger_regles_reelles().regles:
        for nom, gabarit in regle.fiche.messages.model_dump(exclude_none=True).items():
            for variable, filtre in lister_variables(gabarit):
                champ = trouver_champ(f"lots[]{variable}" if variable.startswith(".") else variable)
                if champ is not None and filtre is not None:
                    assert champ.genre in permis[filtre], (regle.fiche.id, nom, variable, filtre)


# ---------------------------------------------------------------------------------------- défauts trouvés en test


@pytest.mark.parametrize("message", ["Nature {{ nature | euros }}.", "Nature {{ nature | pourcent }}."])
def test_un_filtre_inadapte_ne_fait_jamais_tomber_la_verification(message: str, tmp_path: Path) -> None:
    contenu = copier()
    contenu["ccp/ccp-essai.yaml"]["messages"]["ecart"] = message
    verificateur = Verificateur(charger_paquet(ecrire(tmp_path, contenu)), "direct")
    rapport = verificateur.verifier(lire_essai(date_lancement="2026-09-15", nature="travaux", montant_ht=60000))
    assert rapport.constats


@pytest.mark.parametrize(("verdict", "montant"), [("ecart", 60000)])
def test_un_verdict_sans_message_ne_se_dit_pas_en_panne(verdict: str, montant: int, tmp_path: Path) -> None:
    contenu = copier()
    del contenu["ccp/ccp-essai.yaml"]["messages"]["ecart"]
    verificateur = Verificateur(charger_paquet(ecrire(tmp_path, contenu)), "direct")
    rapport = verificateur.verifier(lire_essai(date_lancement="2026-09-15", nature="travaux", montant_ht=montant))
    constat = next(c for c in rapport.constats if c.regle == "CCP-ESSAI")
    assert constat.verdict == verdict
    assert "n'a pas pu être jugée" not in constat.message


def test_le_numero_d_un_lot_sans_numero_saisi_est_son_rang(tmp_path: Path) -> None:
    contenu = copier()
    contenu["spaser-vra/vra-essai.yaml"]["messages"]["ecart"] = "Rien au lot {{ lot.numero }}."
    verificateur = Verificateur(charger_paquet(ecrire(tmp_path, contenu)), "direct")
    lots = [{"cpv": "39130000", "clauses_env": []}]
    rapport = verificateur.verifier(lire_essai(date_lancement="2026-03-02", lots=lots))
    constat = next(c for c in rapport.constats if c.regle == "VRA-ESSAI")
    assert (constat.lot, constat.message) == ("1", "Rien au lot 1.")


def test_un_message_de_consultation_ne_cite_pas_une_donnee_de_lot(tmp_path: Path) -> None:
    contenu = copier()
    contenu["pnad/pnad-essai.yaml"]["exige"]["une_de"][0] = {
        "pour_un": "lots_effectifs",
        "verifie": {"fait": ".clauses_soc", "nombre_au_moins": 1},
    }
    contenu["pnad/pnad-essai.yaml"]["messages"]["alerte"] = "Clauses : {{ .clauses_soc | nombre }}."
    assert "L07" in {faute.code for faute in controler_dossier(ecrire(tmp_path, contenu))}
