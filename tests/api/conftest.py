"""Ce que partagent les essais de l'API : un client sur les vraies règles, et une fiche à modifier."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.api.application import creer_application
from services.api.config import RACINE, Reglages

Fop = dict[str, Any]


@pytest.fixture(scope="session")
def client() -> Iterator[TestClient]:
    """Un client sur l'application réglée par défaut."""
    with TestClient(creer_application(Reglages())) as client:
        yield client


@pytest.fixture
def fop() -> Fop:
    """Une fiche de deux lots, jugée sur le prix seul après le 21 août 2026."""
    return {
        "reference": "FOP-2026-001",
        "objet": "Mobilier et nettoyage",
        "acheteur": {"siret": "20004048300014", "nom": "Valence Romans Agglo"},
        "date_lancement": "2026-09-15",
        "procedure": "appel_offres_ouvert",
        "montant_ht": "230000.00",
        "criteres": [{"nom": "Prix", "type": "prix", "poids": 100}],
        "lots": [
            {"numero": "1", "cpv": "39130000", "montant_ht": 150000},
            {"numero": "2", "cpv": "90910000", "montant_ht": "80000.00"},
        ],
    }


@pytest.fixture
def regles_a_soi(tmp_path: Path) -> Path:
    """Une copie du dossier de règles, que l'essai peut abîmer."""
    return Path(shutil.copytree(RACINE / "regles", tmp_path / "regles"))


@pytest.fixture
def exemples(tmp_path: Path, fop: Fop) -> Path:
    """Un dossier d'exemples : deux fiches valides dont une écrite librement, une fautive, un autre fichier."""
    dossier = tmp_path / "exemples"
    dossier.mkdir()
    libre = fop | {"procedure": "Appel d'offres ouvert", "objet": "Nettoyage " + "des locaux " * 20}
    contenus = {
        "a-prix-seul.json": json.dumps(fop),
        "b-libre.json": json.dumps(libre),
        "c-fautive.json": json.dumps(fop | {"objet": 3}),
        "LISEZMOI.md": "rien",
    }
    for nom, contenu in contenus.items():
        (dossier / nom).write_text(contenu, encoding="utf-8")
    return dossier


@pytest.fixture
def abimer() -> Callable[[Path], None]:
    """Rend le dossier de règles impossible à charger."""

    def casser(dossier: Path) -> None:
        (dossier / "ccp" / "ccp-env-critere.yaml").write_text("format: 1\nid: CCP-ENV-CRITERE\n", encoding="utf-8")

    return casser
