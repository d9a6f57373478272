"""Ce que le dépôt ne doit jamais contenir, et ce que sa documentation doit tenir."""

import importlib
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

RACINE = Path(__file__).resolve().parents[2]
GLOSSAIRE = RACINE / "docs" / "glossaire.md"

# Écrits en morceaux : ce fichier est lui-même suivi, et ne doit pas se dénoncer.
HOTES_DE_PAQUETS = re.compile(
    "|".join(
        re.escape(debut + fin)
        for debut, fin in (
            ("pypi", ".org"),
            ("pythonh", "osted.org"),
            ("registry.n", "pmjs.org"),
            ("registry.yarnpkg", ".com"),
            ("proxy.golang", ".org"),
            ("crates", ".io"),
            ("anaconda", ".org"),
            ("deb.debian", ".org"),
        )
    ),
    re.IGNORECASE,
)
CHEMINS_DE_MACHINE = re.compile(
    "|".join(
        (
            r"(?<![\w.-])/" + r"(?:work|root|mnt|Users)/[\w.-]+",
            r"(?<![\w.-])/" + r"home/[a-z][\w-]*/",
            r"[A-Z]:\\" + r"Users\\",
        )
    )
)
ADRESSE_DE_MACHINE = re.compile(r"https?://[^\s\"'`)>\]]*@")
BINAIRES = frozenset({".png", ".ico", ".woff", ".woff2", ".gz", ".jpg", ".pdf", ".docx", ".xlsx"})


@cache
def _lister_fichiers() -> tuple[Path, ...]:
    """Rend les fichiers suivis, ou sur le point de l'être."""
    try:
        liste = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=RACINE,
            capture_output=True,
            check=True,
            text=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("git absent, ou hors d'un dépôt")
    fichiers = (RACINE / nom for nom in liste.split("\0") if nom)
    return tuple(f for f in fichiers if f.is_file() and f.suffix not in BINAIRES)


def _chercher(motif: re.Pattern[str]) -> list[str]:
    fautes = []
    for fichier in _lister_fichiers():
        texte = fichier.read_text(encoding="utf-8", errors="replace")
        for trouve in motif.finditer(texte):
            ligne = texte.count("\n", 0, trouve.start()) + 1
            fautes.append(f"{fichier.relative_to(RACINE)}:{ligne} {trouve.group()}")
    return fautes


def test_le_depot_a_des_fichiers() -> None:
    assert len(_lister_fichiers()) > 50


def test_aucun_hote_de_registre_de_paquets() -> None:
    assert _chercher(HOTES_DE_PAQUETS) == []


def test_aucun_chemin_de_machine() -> None:
    assert _chercher(CHEMINS_DE_MACHINE) == []


def test_aucune_adresse_avec_identifiants() -> None:
    assert _chercher(ADRESSE_DE_MACHINE) == []


@pytest.mark.parametrize(
    ("motif", "texte"),
    [
        (HOTES_DE_PAQUETS, "voir https://" + "pypi" + ".org/simple"),
        (CHEMINS_DE_MACHINE, "ouvrir /" + "work/main/x"),
        (CHEMINS_DE_MACHINE, "ouvrir /" + "home/marie/x"),
        (ADRESSE_DE_MACHINE, "https://" + "jeton" + "@exemple.test"),
    ],
)
def test_les_motifs_voient_ce_qu_ils_cherchent(motif: re.Pattern[str], texte: str) -> None:
    assert motif.search(texte)


def test_les_verrous_n_ont_ni_url_ni_dependance_locale() -> None:
    for verrou in RACINE.glob("requirements*.lock"):
        utiles = [
            ligne for ligne in verrou.read_text(encoding="utf-8").splitlines() if not ligne.lstrip().startswith("#")
        ]
        fautives = [ligne for ligne in utiles if "://" in ligne or "file:" in ligne or ligne.startswith("-e")]
        assert fautives == [], verrou.name
        assert any("--hash=sha256:" in ligne for ligne in utiles)


def test_durable_rules_ne_s_installe_qu_avant_python_3_13() -> None:
    lignes = [
        ligne
        for verrou in RACINE.glob("requirements*.lock")
        for ligne in verrou.read_text(encoding="utf-8").splitlines()
        if ligne.startswith("durable-rules==")
    ]
    assert lignes and all("python_full_version < '3.13'" in ligne for ligne in lignes)


def test_chaque_mot_du_glossaire_existe_dans_le_code() -> None:
    if not GLOSSAIRE.exists():
        pytest.skip("glossaire pas encore écrit")
    lignes = [ligne for ligne in GLOSSAIRE.read_text(encoding="utf-8").splitlines() if ligne.startswith("| ")][1:]
    assert len(lignes) > 20
    mots: list[str] = []
    for ligne in lignes:
        mot, sens, code = (case.strip() for case in ligne.strip("|").split("|"))
        if set(mot) <= {"-", " "}:
            continue
        noms = re.findall(r"`([^`]+)`", code)
        assert noms, f"{mot} : aucun nom"
        assert sens, mot
        for nom in noms:
            _trouver(nom)
        mots.append(mot)
    assert len(set(mots)) == len(mots), "un mot, un sens"


def _trouver(nom: str) -> None:
    """Importe le plus long module du chemin, puis descend ses attributs ; lève si le nom n'existe pas."""
    parties = nom.split(".")
    for rang in range(len(parties), 0, -1):
        try:
            objet: object = importlib.import_module(".".join(parties[:rang]))
        except ModuleNotFoundError:
            continue
        for attribut in parties[rang:]:
            objet = getattr(objet, attribut)
        return
    raise AssertionError(f"{nom} : module introuvable")


def test_les_regles_ne_contiennent_aucun_code() -> None:
    suffixes = {f.suffix for f in _lister_fichiers() if f.is_relative_to(RACINE / "regles")}
    assert suffixes == {".yaml"}


def test_les_noms_de_fichiers_sont_en_ascii() -> None:
    assert [str(f) for f in _lister_fichiers() if not str(f.relative_to(RACINE)).isascii()] == []
