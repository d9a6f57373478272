"""La bibliothèque des règles reste pure : ni web, ni base, ni réseau, ni horloge, ni environnement."""

import ast
from collections.abc import Iterator
from functools import cache
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
    {"today", "now", "utcnow", "fromtimestamp", "getenv", "getcwd", "gethostname", "eval", "exec"}
)


@cache
def _parcourir(texte: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(texte)))


def _lister_imports(texte: str) -> Iterator[tuple[str, int]]:
    for noeud in _parcourir(texte):
        if isinstance(noeud, ast.Import):
            for alias in noeud.names:
                yield alias.name, noeud.lineno
        elif isinstance(noeud, ast.ImportFrom):
            assert noeud.level == 0, "import relatif"
            yield noeud.module or "", noeud.lineno
            for alias in noeud.names:
                yield f"{noeud.module}.{alias.name}", noeud.lineno


def _relever_imports(texte: str, interdits: frozenset[str]) -> list[str]:
    return [
        f"ligne {ligne} : importe {module}"
        for module, ligne in _lister_imports(texte)
        if any(module == interdit or module.startswith(f"{interdit}.") for interdit in interdits)
    ]


def _relever(fichier: Path, interdits: frozenset[str]) -> list[str]:
    nom = fichier.relative_to(RACINE).as_posix()
    return [f"{nom} {faute}" for faute in _relever_imports(fichier.read_text(encoding="utf-8"), interdits)]


def _relever_horloges(texte: str) -> list[str]:
    fautes = _relever_imports(texte, HORLOGE)
    for noeud in _parcourir(texte):
        if isinstance(noeud, ast.Call):
            court = getattr(noeud.func, "attr", getattr(noeud.func, "id", ""))
            if court in APPELS_INTERDITS:
                fautes.append(f"ligne {noeud.lineno} : appelle {court}")
        if isinstance(noeud, ast.Attribute) and noeud.attr in ("environ", "environb"):
            fautes.append(f"ligne {noeud.lineno} : lit l'environnement")
    return fautes


def test_les_modules_sont_bien_la() -> None:
    assert len(MODULES) > 25
    assert REGLES / "moteur" / "durable.py" in MODULES


def test_la_bibliotheque_n_importe_ni_web_ni_base_ni_reseau() -> None:
    assert [faute for fichier in MODULES for faute in _relever(fichier, INTERDITS)] == []


def test_seul_le_moteur_durable_importe_durable_rules() -> None:
    durable = REGLES / "moteur" / "durable.py"
    assert [f for fichier in SOURCES if fichier != durable for f in _relever(fichier, MODULE_C)] == []
    assert _relever(durable, MODULE_C) != []
    assert _relever(durable, frozenset({"durable"})) == [], "jamais Host ni durable.lang"


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


@pytest.mark.parametrize(
    "fichier", [f for f in MODULES if f.name != "cli.py"], ids=lambda f: f.relative_to(REGLES).as_posix()
)
def test_ni_horloge_ni_environnement_ni_code_evalue(fichier: Path) -> None:
    assert _relever_horloges(fichier.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "fautif",
    [
        "import time",
        "from time import monotonic",
        "from datetime import date\ndate.today()",
        "import datetime\ndatetime.datetime.now(datetime.UTC)",
        "import os\nos.environ['A']",
        "import os\nos.getenv('A')",
        "eval('1 + 1')",
    ],
)
def test_le_detecteur_voit_ce_qu_il_cherche(fautif: str) -> None:
    """Un test d'architecture qui ne peut échouer ne protège rien."""
    assert _relever_horloges(fautif) != []


@pytest.mark.parametrize(
    "fautif", ["import fastapi.routing", "from services import api", "from services.api import cli"]
)
def test_le_detecteur_voit_un_import_interdit(fautif: str) -> None:
    assert _relever_imports(fautif, INTERDITS) != []
