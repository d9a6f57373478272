"""Le lanceur : ce qu'il décide, ce qu'il dit ; ce que tiennent les verrous. Sans installation ni réseau."""

import ast
import importlib.util
import json
import re
import shutil
import sys
import threading
import time
import tomllib
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

DEPOT = Path(__file__).resolve().parents[2]
FICHIERS = ("verifop", "pyproject.toml", "requirements.lock", "requirements-tests.lock")

ETAT = {"base": "b", "tests": None, "durable": True, "entetes": "/nulle/part", "outillage": True}


@pytest.fixture
def lanceur(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Le lanceur chargé depuis une copie : rien de ce qu'il ferait ne touche l'environnement du dépôt."""
    monkeypatch.delenv("VERIFOP_EXIGER_DURABLE", raising=False)
    for nom in FICHIERS:
        shutil.copy(DEPOT / nom, tmp_path / nom)
    chargeur = SourceFileLoader("lanceur_verifop", str(tmp_path / "verifop"))
    definition = importlib.util.spec_from_loader("lanceur_verifop", chargeur)
    assert definition is not None
    module = importlib.util.module_from_spec(definition)
    chargeur.exec_module(module)
    return module


def decider(lanceur: ModuleType, changements: dict[str, Any] | None = None, **options: Any) -> str:
    etat = {**ETAT, "racine": lanceur.RACINE, "python": [3, 11], **(changements or {})}
    attendu = {"base": "b", "tests": None, "exiger_durable": False, "outillage": True, **options}
    return str(lanceur.decider(etat, **attendu))


def simuler_une_installation(lanceur: ModuleType, etat: dict[str, Any]) -> None:
    """Pose un `.venv` de façade : les fichiers que regarde le lanceur, et l'état."""
    bin_venv = Path(lanceur.VENV) / "bin"
    bin_venv.mkdir(parents=True, exist_ok=True)
    for nom in ("python", "uv", "verifop"):
        (bin_venv / nom).touch()
    lanceur.ecrire_etat(etat)


def lire_versions(nom: str) -> dict[str, str]:
    """Paquet → version, d'après un verrou du dépôt."""
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", (DEPOT / nom).read_text(encoding="utf-8"), re.MULTILINE))


# --- Choix du Python -------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [(3, 11), (3, 12)])
def test_python_3_11_et_3_12_servent_sans_chercher_ailleurs(lanceur: ModuleType, version: tuple[int, int]) -> None:
    def ne_pas_chercher() -> list[Any]:
        raise AssertionError("aucune recherche attendue")

    assert lanceur.choisir_python(("ici", version), ne_pas_chercher) == ("ici", version)


@pytest.mark.parametrize("courante", [(3, 6), (3, 10), (3, 13), (3, 14)])
def test_un_autre_python_cede_la_place_au_3_12_puis_au_3_11(lanceur: ModuleType, courante: tuple[int, int]) -> None:
    onze, douze = ("onze", (3, 11)), ("douze", (3, 12))
    assert lanceur.choisir_python(("ici", courante), lambda: [onze, douze]) == douze
    assert lanceur.choisir_python(("ici", courante), lambda: [onze]) == onze


def test_python_3_13_sert_faute_de_mieux(lanceur: ModuleType) -> None:
    assert lanceur.choisir_python(("ici", (3, 13)), list) == ("ici", (3, 13))


def test_un_python_du_path_qui_ne_repond_pas_est_ignore(
    lanceur: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for dossier, reponse in (("relais", "exit 127"), ("vrai", "echo 3.12")):
        (tmp_path / dossier).mkdir()
        script = tmp_path / dossier / "python3.12"
        script.write_text(f"#!/bin/sh\n{reponse}\n")
        script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'relais'}:{tmp_path / 'vrai'}")
    assert lanceur.chercher_pythons() == [(str(tmp_path / "vrai" / "python3.12"), (3, 12))]


# --- Postes qui ne conviennent pas : un message, le code 3 -----------------------------------------------


def test_trop_ancien_le_message_dit_quoi_installer_et_le_code_est_3(
    lanceur: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lanceur, "decrire_python_courant", lambda: ("python3", (3, 9)))
    monkeypatch.setattr(lanceur, "chercher_pythons", list)
    assert lanceur.principal(["--version"]) == 3
    message = capsys.readouterr().err
    assert "Python 3.9 est trop ancien" in message
    assert "apt-get install python3 " in message
    assert not Path(lanceur.VENV).exists()


def test_sans_ensurepip_le_message_nomme_python3_venv_et_le_code_est_3(
    lanceur: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lanceur, "decrire_python_courant", lambda: ("python3", (3, 12)))
    monkeypatch.setattr(lanceur, "interroger", lambda *commande: None)
    assert lanceur.principal([]) == 3
    assert "python3.12-venv" in capsys.readouterr().err
    assert not Path(lanceur.VENV).exists()


def test_durable_exige_avec_le_seul_python_3_13_est_le_code_3(
    lanceur: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VERIFOP_EXIGER_DURABLE", "1")
    monkeypatch.setattr(lanceur, "decrire_python_courant", lambda: ("python3", (3, 13)))
    monkeypatch.setattr(lanceur, "chercher_pythons", list)
    assert lanceur.principal([]) == 3
    assert "durable-rules ne fonctionne pas avec Python 3.13" in capsys.readouterr().err


def test_sans_compilateur_l_explication_dit_quoi_installer(lanceur: ModuleType) -> None:
    assert "apt-get install gcc python3-dev" in lanceur.expliquer_sans_durable((3, 11), outillage=False)


def test_l_outillage_demande_un_compilateur_et_les_en_tetes(
    lanceur: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(lanceur.shutil, "which", lambda nom: "/usr/bin/gcc" if nom == "gcc" else None)
    assert not lanceur.voir_outillage(str(tmp_path))
    (tmp_path / "Python.h").touch()
    assert lanceur.voir_outillage(str(tmp_path))
    monkeypatch.setattr(lanceur.shutil, "which", lambda nom: None)
    assert not lanceur.voir_outillage(str(tmp_path))


def test_un_depot_incomplet_est_le_code_3(lanceur: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    Path(lanceur.VERROU_BASE).unlink()
    assert lanceur.principal([]) == 3
    assert "requirements.lock" in capsys.readouterr().err


# --- Faut-il réinstaller ? -------------------------------------------------------------------------------


def test_rien_n_a_change_rien_n_est_fait(lanceur: ModuleType) -> None:
    assert decider(lanceur) == "rien"


def test_sans_etat_on_repart_de_zero(lanceur: ModuleType) -> None:
    assert lanceur.decider(None, "b", None, False, True) == "refaire"


def test_depot_deplace_on_repart_de_zero(lanceur: ModuleType) -> None:
    assert decider(lanceur, {"racine": "/ailleurs"}) == "refaire"


def test_verrou_change_on_complete(lanceur: ModuleType) -> None:
    assert decider(lanceur, base="autre") == "completer"


def test_les_outils_de_test_ne_s_installent_que_pour_les_tests(lanceur: ModuleType) -> None:
    assert decider(lanceur, {"tests": None}, tests="t") == "completer"
    assert decider(lanceur, {"tests": "vieux"}, tests="t") == "completer"
    assert decider(lanceur, {"tests": "t"}, tests="t") == "rien"
    assert decider(lanceur, {"tests": "vieux"}) == "rien"


def test_durable_absent_on_reessaie_quand_le_compilateur_arrive(lanceur: ModuleType) -> None:
    sans_outils = {"durable": False, "outillage": False}
    assert decider(lanceur, sans_outils, outillage=False) == "rien"
    assert decider(lanceur, sans_outils, outillage=True) == "completer"


def test_compilation_ratee_avec_ses_outils_on_n_insiste_pas(lanceur: ModuleType) -> None:
    assert decider(lanceur, {"durable": False, "outillage": True}) == "rien"


def test_durable_exige_on_reessaie_et_on_change_de_python_s_il_le_faut(lanceur: ModuleType) -> None:
    assert decider(lanceur, {"durable": False}, exiger_durable=True) == "completer"
    assert decider(lanceur, {"durable": False, "python": [3, 13]}, exiger_durable=True) == "refaire"
    assert decider(lanceur, exiger_durable=True) == "rien"


def test_l_empreinte_suit_le_contenu_et_non_la_date(lanceur: ModuleType, tmp_path: Path) -> None:
    verrou = tmp_path / "requirements.lock"
    avant = lanceur.empreindre(str(verrou))
    verrou.touch()
    assert lanceur.empreindre(str(verrou)) == avant
    verrou.write_text("autre\n")
    assert lanceur.empreindre(str(verrou)) != avant


def test_l_etat_ecrit_se_relit(lanceur: ModuleType) -> None:
    etat = {**ETAT, "racine": lanceur.RACINE, "python": [3, 11]}
    simuler_une_installation(lanceur, etat)
    assert lanceur.lire_etat() == etat


@pytest.mark.parametrize("contenu", ["", "{", json.dumps({"racine": "x"})])
def test_un_etat_illisible_ou_d_un_autre_format_ne_compte_pas(lanceur: ModuleType, contenu: str) -> None:
    simuler_une_installation(lanceur, {**ETAT, "racine": lanceur.RACINE, "python": [3, 11]})
    Path(lanceur.ETAT).write_text(contenu)
    assert lanceur.lire_etat() is None


def test_python_desinstalle_l_etat_ne_compte_pas(lanceur: ModuleType) -> None:
    simuler_une_installation(lanceur, {**ETAT, "racine": lanceur.RACINE, "python": [3, 11]})
    python = Path(lanceur.VENV) / "bin" / "python"
    python.unlink()
    python.symlink_to("/nulle/part/python3.11")
    assert lanceur.lire_etat() is None


def test_deux_lancements_simultanes_n_installent_qu_une_fois(
    lanceur: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    installations = []

    def installer(verrou: Any, mode: str, etat: Any, base: str, tests: Any, exiger_durable: bool) -> None:
        installations.append(mode)
        time.sleep(0.2)
        racine = {"racine": lanceur.RACINE, "python": [3, 11]}
        simuler_une_installation(lanceur, {**ETAT, **racine, "base": base, "tests": tests})

    monkeypatch.setattr(lanceur, "installer", installer)
    fils = [threading.Thread(target=lanceur.preparer, args=(False,)) for _ in range(2)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join()
    assert installations == ["refaire"]


def test_le_miroir_regle_pour_pip_est_lu_et_l_environnement_l_emporte(lanceur: ModuleType) -> None:
    fichier = "global.cert='/etc/ssl/ville.pem'\nglobal.index-url='miroir-du-fichier'\ninstall.index-url='autre'"
    attendu = {"cert": "/etc/ssl/ville.pem", "index-url": "miroir-du-fichier"}
    assert lanceur.lire_reglages_de_pip(fichier) == attendu
    environnement = f":env:.index-url='miroir-du-poste'\n{fichier}"
    assert lanceur.lire_reglages_de_pip(environnement) == {**attendu, "index-url": "miroir-du-poste"}
    assert lanceur.lire_reglages_de_pip("") == {}


# --- Passer la main --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "attendu"),
    [
        (["tests", "-k", "seuil"], [".venv/bin/python", "-m", "pytest", "-n", "auto", "-k", "seuil"]),
        (["servir", "--port", "8000"], [".venv/bin/verifop", "servir", "--port", "8000"]),
        ([], [".venv/bin/verifop"]),
    ],
)
def test_la_main_passe_a_la_commande_avec_ses_arguments(
    lanceur: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    attendu: list[str],
) -> None:
    lances = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lanceur, "preparer", lambda avec_tests: None)
    monkeypatch.setattr(lanceur.os, "execv", lambda chemin, argv: lances.append((chemin, argv)))
    lanceur.principal(arguments)
    commande = str(tmp_path / attendu[0])
    assert lances == [(commande, [commande, *attendu[1:]])]


# --- Le fichier et les verrous ---------------------------------------------------------------------------


def test_le_lanceur_se_compile_jusqu_a_python_3_6_avec_la_seule_bibliotheque_standard() -> None:
    arbre = ast.parse((DEPOT / "verifop").read_text(encoding="utf-8"), feature_version=(3, 6))
    importes = {nom.name for noeud in ast.walk(arbre) if isinstance(noeud, ast.Import) for nom in noeud.names}
    assert importes <= sys.stdlib_module_names
    assert not any(isinstance(noeud, ast.ImportFrom) for noeud in ast.walk(arbre))


@pytest.mark.parametrize("nom", ["verifop", "requirements.lock", "requirements-tests.lock"])
def test_aucune_adresse_dans_le_lanceur_ni_dans_les_verrous(nom: str) -> None:
    assert "://" not in (DEPOT / nom).read_text(encoding="utf-8")


@pytest.mark.parametrize("paquet", ["uv", "durable-rules"])
def test_un_paquet_se_separe_du_verrou_avec_ses_empreintes(lanceur: ModuleType, paquet: str) -> None:
    verrou = (DEPOT / "requirements.lock").read_text(encoding="utf-8")
    reste, passage = lanceur.separer_paquet(verrou, paquet)
    assert re.match(rf"{paquet}==\S+.*\\\n    --hash=sha256:", passage)
    assert f"\n{paquet}==" not in reste
    assert sorted((reste + passage).splitlines()) == sorted(verrou.splitlines())


def test_chaque_dependance_du_projet_est_dans_son_verrou() -> None:
    projet = tomllib.loads((DEPOT / "pyproject.toml").read_text(encoding="utf-8"))
    groupes = projet["dependency-groups"]
    for nom, demandes in (
        ("requirements.lock", projet["project"]["dependencies"] + groupes["installation"]),
        ("requirements-tests.lock", groupes["tests"] + groupes["qualite"]),
    ):
        demandes_sans_version = {re.split(r"[^a-z0-9.-]", demande)[0] for demande in demandes}
        assert demandes_sans_version <= set(lire_versions(nom)), nom


def test_les_deux_verrous_disent_la_meme_version() -> None:
    base, tests = lire_versions("requirements.lock"), lire_versions("requirements-tests.lock")
    assert {nom: base[nom] for nom in base.keys() & tests} == {nom: tests[nom] for nom in base.keys() & tests}
