"""La bibliothèque des règles reste pure : ni web, ni base, ni réseau, ni horloge, ni environnement."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

RACINE = Path(__file__).resolve().parents[2]
REGLES = RACINE / "services" / "regles"
MODULES = sorted(REGLES.rglob("*.py"))
SOURCES = sorted((RACINE / "services").rglob("*.py"))

INTERDITS = frozenset(
    {
        "services.api",
        "alembic",
        "asyncio",
        "dbos",
        "fastapi",
        "ftplib",
        "http",
        "httpx",
        "importlib.resources",
        "multiprocessing",
        "pickle",
        "random",
        "requests",
        "secrets",
        "smtplib",
        "socket",
        "sqlalchemy",
        "sqlite3",
        "starlette",
        "subprocess",
        "tempfile",
        "urllib",
        "uvicorn",
        "webbrowser",
    }
)
MODULE_C = frozenset({"durable", "durable_rules_engine"})
ECRANS = frozenset({"rich", "typer", "click"})
"""Réservés à la ligne de commande et à l'affichage."""
HORLOGE = frozenset({"time", "zoneinfo", "sched", "locale"})
APPELS_INTERDITS = frozenset(
    {"today", "now", "utcnow", "fromtimestamp", "getenv", "getcwd", "gethostname", "eval", "exec", "compile_command"}
)


def _lister_imports(fichier: Path) -> Iterator[tuple[str, int]]:
    for noeud in ast.walk(ast.parse(fichier.read_text(encoding="utf-8"))):
        if isinstance(noeud, ast.Import):
            for alias in noeud.names:
                yield alias.name, noeud.lineno
        elif isinstance(noeud, ast.ImportFrom):
            assert noeud.level == 0, f"{fichier} : import relatif"
            yield noeud.module or "", noeud.lineno
            for alias in noeud.names:
                yield f"{noeud.module}.{alias.name}", noeud.lineno


def _relever(fichier: Path, interdits: frozenset[str]) -> list[str]:
    nom = fichier.relative_to(RACINE).as_posix()
    return [
        f"{nom}:{ligne} importe {module}"
        for module, ligne in _lister_imports(fichier)
        if any(module == interdit or module.startswith(f"{interdit}.") for interdit in interdits)
    ]


def test_les_modules_sont_bien_la() -> None:
    assert len(MODULES) > 25
    assert REGLES / "moteur" / "durable.py" in MODULES


def test_la_bibliotheque_n_importe_ni_web_ni_base_ni_reseau() -> None:
    assert [faute for fichier in MODULES for faute in _relever(fichier, INTERDITS)] == []


def test_seul_le_moteur_durable_importe_durable_rules() -> None:
    fautes = [f for fichier in SOURCES if fichier.name != "durable.py" for f in _relever(fichier, MODULE_C)]
    assert fautes == []
    assert _relever(REGLES / "moteur" / "durable.py", MODULE_C) != []
    assert _relever(REGLES / "moteur" / "durable.py", frozenset({"durable"})) == [], "jamais Host ni durable.lang"


def test_seuls_la_ligne_de_commande_et_l_affichage_connaissent_le_terminal() -> None:
    permis = {"cli.py", "affichage.py"}
    assert [f for fichier in MODULES if fichier.name not in permis for f in _relever(fichier, ECRANS)] == []


def test_les_couches_ne_remontent_pas() -> None:
    """Le moteur ne connaît ni rapport ni vérification ; la FOP ne connaît ni règle ni paquet."""
    haut = frozenset(f"services.regles.{m}" for m in ("rapport", "verification", "remedes", "messages", "trace", "cli"))
    regles = frozenset(f"services.regles.{m}" for m in ("regle", "paquet", "fiches", "conditions", "moteur", "faits"))
    moteurs = sorted((REGLES / "moteur").glob("*.py"))
    assert [f for fichier in moteurs for f in _relever(fichier, haut)] == []
    bas = [REGLES / nom for nom in ("fop.py", "lecture_fop.py", "champs.py", "erreurs.py", "trivalent.py")]
    assert [f for fichier in bas if fichier.exists() for f in _relever(fichier, haut | regles)] == []


def _relever_horloges(fichier: Path) -> list[str]:
    nom = fichier.relative_to(RACINE).as_posix()
    fautes = _relever(fichier, HORLOGE)
    for noeud in ast.walk(ast.parse(fichier.read_text(encoding="utf-8"))):
        if isinstance(noeud, ast.Call):
            appele = noeud.func
            court = (
                appele.attr if isinstance(appele, ast.Attribute) else appele.id if isinstance(appele, ast.Name) else ""
            )
            if court in APPELS_INTERDITS:
                fautes.append(f"{nom}:{noeud.lineno} appelle {court}")
        if isinstance(noeud, ast.Attribute) and noeud.attr in ("environ", "environb"):
            fautes.append(f"{nom}:{noeud.lineno} lit l'environnement")
    return fautes


@pytest.mark.parametrize(
    "fichier", [f for f in MODULES if f.name != "cli.py"], ids=lambda f: f.relative_to(REGLES).as_posix()
)
def test_ni_horloge_ni_environnement_ni_code_evalue(fichier: Path) -> None:
    assert _relever_horloges(fichier) == []


def test_le_detecteur_voit_ce_qu_il_cherche(tmp_path: Path) -> None:
    """Un test d'architecture qui ne peut échouer ne protège rien."""
    fautif = RACINE / "services" / "regles" / "trivalent.py"
    essai = "import os, time\nfrom datetime import date\nx = date.today()\ny = os.environ['A']\nz = eval('1')\n"
    noms = [n for n in ast.walk(ast.parse(essai)) if isinstance(n, ast.Call)]
    assert len(noms) == 2
    copie = fautif.parent / "essai_inexistant.py"
    assert not copie.exists()
    faux = tmp_path / "services"
    faux.mkdir()
    (faux / "x.py").write_text(essai, encoding="utf-8")
    global RACINE_DES_ESSAIS
    trouves = _relever_dans(faux / "x.py", tmp_path)
    assert len(trouves) == 4


def _relever_dans(fichier: Path, racine: Path) -> list[str]:
    fautes = []
    arbre = ast.parse(fichier.read_text(encoding="utf-8"))
    for noeud in ast.walk(arbre):
        if isinstance(noeud, ast.Import):
            fautes += [a.name for a in noeud.names if a.name in HORLOGE]
        elif isinstance(noeud, ast.Call):
            appele = noeud.func
            court = getattr(appele, "attr", getattr(appele, "id", ""))
            fautes += [court] if court in APPELS_INTERDITS else []
        elif isinstance(noeud, ast.Attribute) and noeud.attr == "environ":
            fautes.append("environ")
    return fautes
