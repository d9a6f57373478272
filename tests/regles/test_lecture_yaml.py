"""Lire du YAML sans ses pièges, avec la ligne exacte de chaque donnée."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.regles.erreurs import Anomalie
from services.regles.lecture_yaml import PROFONDEUR_MAX, Document, lire_document
from tests.moteurs.atelier import RACINE


@pytest.fixture
def fichier(tmp_path: Path) -> Path:
    return tmp_path / "essai.yaml"


def _lire(fichier: Path, texte: str | bytes) -> tuple[Document | None, list[Anomalie]]:
    fichier.write_bytes(texte if isinstance(texte, bytes) else texte.encode())
    return lire_document(fichier, "regles/essai.yaml")


def _contenir(fichier: Path, texte: str | bytes) -> Any:
    document, fautes = _lire(fichier, texte)
    assert document is not None and fautes == []
    return document.contenu


@pytest.mark.parametrize(
    ("ecrit", "lu"),
    [
        ("oui", True),
        ("non", False),
        ("true", True),
        ("false", False),
        ('"oui"', "oui"),
        ("'non'", "non"),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("Oui", "Oui"),
        ("null", None),
        ("~", None),
        ("", None),
        ('""', ""),
        ("12", 12),
        ("-3", -3),
        ("+3", 3),
        ("0", 0),
        ("1_000", 1000),
        ("0.20", Decimal("0.20")),
        ("39999.99", Decimal("39999.99")),
        ("-0.5", Decimal("-0.5")),
        ("100000000000000000000.01", Decimal("100000000000000000000.01")),
        ('"030"', "030"),
        ("2026-08-21", "2026-08-21"),
        ("2026-08-21T00:00:00", "2026-08-21T00:00:00"),
        ("12:30:45", "12:30:45"),
        ("1e3", "1e3"),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("R2122-8", "R2122-8"),
        ("2152-7", "2152-7"),
        ("=", "="),
    ],
)
def test_un_scalaire_nu_se_lit_comme_un_juriste_l_entend(ecrit: str, lu: object, fichier: Path) -> None:
    contenu = _contenir(fichier, f"cle: {ecrit}\n")
    assert contenu == {"cle": lu}
    assert type(contenu["cle"]) is type(lu)


@pytest.mark.parametrize("ecrit", ["030", "08", "00", "45", "0123456789"])
def test_un_nombre_a_zero_initial_est_une_faute(ecrit: str, fichier: Path) -> None:
    _, fautes = _lire(fichier, f"a: 1\ncpv: {ecrit}\n")
    if ecrit == "45":
        assert fautes == []
        return
    assert [(f.code, f.ligne, f.chemin) for f in fautes] == [("type_attendu", 2, "cpv")]
    assert "guillemets" in fautes[0].correction
    assert ecrit in fautes[0].lu


def test_une_cle_en_double_est_refusee_a_sa_ligne(fichier: Path) -> None:
    _, fautes = _lire(fichier, "a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\na: 4\n")
    assert [(f.code, f.ligne, f.chemin) for f in fautes] == [("cle_en_double", 5, "b.c"), ("cle_en_double", 6, "a")]


def test_une_cle_en_double_sous_deux_ecritures_est_refusee(fichier: Path) -> None:
    _, fautes = _lire(fichier, 'a: 1\n"a": 2\n')
    assert [f.code for f in fautes] == ["cle_en_double"]


def test_les_cles_restent_des_textes(fichier: Path) -> None:
    assert _contenir(fichier, "{1: a, oui: b, 2026-01-01: c, 4.5: d}") == {
        "1": "a",
        "oui": "b",
        "2026-01-01": "c",
        "4.5": "d",
    }


def test_la_fusion_complete_sans_ecraser_ce_qui_est_propre(fichier: Path) -> None:
    texte = "base: &b {x: 1, y: 2}\nautre: &c {y: 3, z: 4}\na: {<<: *b, y: 9}\nd: {<<: [*b, *c]}\n"
    contenu = _contenir(fichier, texte)
    assert contenu["a"] == {"x": 1, "y": 9}
    assert contenu["d"] == {"x": 1, "y": 2, "z": 4}


def test_une_cle_propre_l_emporte_ou_qu_elle_soit_ecrite(fichier: Path) -> None:
    assert _contenir(fichier, "b: &b {x: 1}\na: {x: 9, <<: *b}\n")["a"] == {"x": 9}


def test_une_cle_fusionnee_puis_ecrite_n_est_pas_un_doublon(fichier: Path) -> None:
    _, fautes = _lire(fichier, "b: &b {x: 1}\na:\n  <<: *b\n  x: 2\n")
    assert fautes == []


def test_une_fusion_de_fusion_garde_le_plus_proche(fichier: Path) -> None:
    contenu = _contenir(fichier, "a: &a {x: 1, y: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b}\n")
    assert contenu["c"] == {"x": 1, "y": 2}


@pytest.mark.parametrize("texte", [b"\xef\xbb\xbfa: 1\n", b"\xef\xbb\xbfa: 1\r\n"])
def test_la_marque_d_ordre_et_les_fins_de_ligne_windows_sont_tolerees(texte: bytes, fichier: Path) -> None:
    assert _contenir(fichier, texte) == {"a": 1}


@pytest.mark.parametrize(
    ("texte", "attendu", "ligne"),
    [
        ("titre: été\n".encode("latin-1"), "UTF-8", 1),
        ("titre: été\n".encode("utf-16"), "UTF-8", 1),
        (b"", "contenu", 1),
        (b"# rien que des commentaires\n", "contenu", 1),
        (b"a: 1\nb: [1, 2\nc: 3\n", "YAML", 3),
        (b"a: 1\n\tb: 2\n", "YAML", 2),
        (b"a: 'sans fin\n", "YAML", 2),
        (b"a: *inconnue\n", "YAML", 1),
        (b"a: 1\n---\nb: 2\n", "YAML", 2),
        (b"a: \x00\n", "YAML", 1),
        (b"a: b: c\n", "YAML", 1),
        (b"%YAML 9.9\n---\na: 1\n", "YAML", 1),
    ],
)
def test_un_texte_illisible_est_une_seule_faute_en_francais(
    texte: bytes, attendu: str, ligne: int, fichier: Path
) -> None:
    document, fautes = _lire(fichier, texte)
    assert document is None
    assert len(fautes) == 1
    assert fautes[0].code == "yaml_illisible"
    assert attendu in fautes[0].attendu
    assert fautes[0].ligne == ligne
    assert str(fautes[0]).startswith(f"regles/essai.yaml:{ligne} ")


def test_un_fichier_absent_est_une_faute_dite(tmp_path: Path) -> None:
    document, fautes = lire_document(tmp_path / "rien.yaml", "regles/rien.yaml")
    assert document is None
    assert [f.code for f in fautes] == ["yaml_illisible"]


def test_un_dossier_a_la_place_d_un_fichier_est_une_faute_dite(tmp_path: Path) -> None:
    assert [f.code for f in lire_document(tmp_path, "regles/x.yaml")[1]] == ["yaml_illisible"]


def test_une_imbrication_trop_profonde_est_une_faute_et_pas_un_debordement(fichier: Path) -> None:
    for profondeur in (PROFONDEUR_MAX + 1, 300):
        _, fautes = _lire(fichier, "a: " + "[" * profondeur + "]" * profondeur + "\n")
        assert len(fautes) == 1 and fautes[0].code in ("profondeur", "yaml_illisible")
        assert "niveaux" in str(fautes[0])
    _, fautes = _lire(fichier, "a: " + "[" * (PROFONDEUR_MAX - 1) + "]" * (PROFONDEUR_MAX - 1) + "\n")
    assert fautes == []


def test_une_reference_a_soi_meme_est_une_faute_et_pas_une_boucle(fichier: Path) -> None:
    _, fautes = _lire(fichier, "a: &a [*a]\n")
    assert [f.code for f in fautes] == ["profondeur"]


def test_les_etiquettes_python_ne_construisent_rien(fichier: Path) -> None:
    assert _contenir(fichier, "a: !!python/object/apply:os.getcwd []\n") == {"a": []}


LIGNES = """\
# en-tête

id: A
cas:
  - nom: premier
    fop: &base
      montant_ht: 1
      lots:
        - numero: 1

        - numero: 2
          cpv: "45000000"
  - nom: second
    fop:
      <<: *base
      montant_ht: 2
messages: {ecart: x,
  alerte: y}
texte: >-
  bloc
  suite
"""


@pytest.mark.parametrize(
    ("emplacement", "ligne"),
    [
        ((), 3),
        (("id",), 3),
        (("cas",), 4),
        (("cas", 0), 5),
        (("cas", 0, "nom"), 5),
        (("cas", 0, "fop"), 6),
        (("cas", 0, "fop", "montant_ht"), 7),
        (("cas", 0, "fop", "lots", 0), 9),
        (("cas", 0, "fop", "lots", 1), 11),
        (("cas", 0, "fop", "lots", 1, "cpv"), 12),
        (("cas", 1, "nom"), 13),
        (("cas", 1, "fop", "montant_ht"), 16),
        (("messages", "ecart"), 17),
        (("messages", "alerte"), 18),
        (("texte",), 19),
        (("messages", "inconnu"), 17),
        (("cas", 7, "nom"), 4),
        (("rien", "du", "tout"), 3),
    ],
)
def test_chaque_donnee_garde_sa_ligne_exacte(emplacement: tuple[str | int, ...], ligne: int, fichier: Path) -> None:
    document, fautes = _lire(fichier, LIGNES)
    assert fautes == [] and document is not None
    assert document.trouver_ligne(emplacement) == ligne


def test_une_donnee_fusionnee_garde_la_ligne_de_sa_source(fichier: Path) -> None:
    document, _ = _lire(fichier, LIGNES)
    assert document is not None
    assert document.trouver_ligne(("cas", 1, "fop", "lots", 1, "cpv")) == 12


# ---------------------------------------------------------------------------------------- défauts trouvés en test


def test_une_cle_ecrite_avant_la_fusion_garde_sa_ligne(fichier: Path) -> None:
    document, _ = _lire(fichier, "b: &b\n  x: 1\na:\n  x: 9\n  <<: *b\n")
    assert document is not None
    assert document.trouver_ligne(("a", "x")) == 4


def test_un_element_de_liste_reecrit_apres_la_fusion_garde_sa_ligne(fichier: Path) -> None:
    document, _ = _lire(fichier, "b: &b\n  x:\n    - 1\na:\n  <<: *b\n  x:\n    - 2\n")
    assert document is not None
    assert document.trouver_ligne(("a", "x", 0)) == 7


@pytest.mark.parametrize(
    "texte",
    ["[a, b]: 1\n", "? {a: 1}\n: 2\n", "a: {<<: texte}\n", "a: {<<: [1, 2]}\n", "a: " + "9" * 5_000 + "\n"],
    ids=["cle_liste", "cle_objet", "fusion_d_un_texte", "fusion_de_nombres", "entier_de_5000_chiffres"],
)
def test_un_yaml_biscornu_est_une_faute_dite(texte: str, fichier: Path) -> None:
    _, fautes = _lire(fichier, texte)
    assert fautes


def _lire_a_part(fichier: Path, texte: str, secondes: float) -> int:
    """Lit dans un autre processus : l'essai peut y boucler ou y planter sans emporter la suite."""
    fichier.write_text(texte, encoding="utf-8")
    programme = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30)); "
        "import os, sys, threading; from pathlib import Path; "
        "from services.regles.lecture_yaml import lire_document; threading.stack_size(1 << 18); "
        "lire = lambda: os._exit(0 if lire_document(Path(sys.argv[1]), 'x.yaml')[1] else 9); "
        "fil = threading.Thread(target=lire); fil.start(); fil.join()"
    )
    fini = subprocess.run(
        [sys.executable, "-c", programme, str(fichier)],
        cwd=RACINE,
        env={"PYTHONPATH": str(RACINE)},
        capture_output=True,
        timeout=secondes,
        check=False,
    )
    return fini.returncode


def test_des_alias_qui_se_multiplient_sont_une_faute_et_pas_un_gel(fichier: Path) -> None:
    lignes = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lignes += [f"a{rang}: &a{rang} [{', '.join([f'*a{rang - 1}'] * 10)}]" for rang in range(1, 9)]
    assert _lire_a_part(fichier, "\n".join(lignes), secondes=20) == 0


@pytest.mark.parametrize(
    ("ouvrant", "fermant"),
    [
        ("[", "]"),
        ("{? ", "}"),
        ("[1, ", "]"),
        ("{a: ", "}"),
        ("[[1], ", "]"),
        pytest.param('["]", ', "]"),
        pytest.param("[ # ]\n", "]"),
    ],
    ids=[
        "crochets",
        "cles",
        "valeurs",
        "objets",
        "listes_melees",
        "fermant_entre_guillemets",
        "fermant_en_commentaire",
    ],
)
def test_des_milliers_d_ouvertures_ne_font_pas_planter_le_processus(ouvrant: str, fermant: str, fichier: Path) -> None:
    """L'analyseur en C empile une fonction par niveau ; une petite pile montre le débordement en une demi-seconde."""
    assert _lire_a_part(fichier, ouvrant * 5_000 + "1" + fermant * 5_000, secondes=20) == 0
