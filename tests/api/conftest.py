"""Ce que partagent les essais de l'API : un client sur les vraies règles, et une fiche à modifier."""

import json
import re
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


Confronter = Callable[[Any, Any], list[str]]


@pytest.fixture(scope="session")
def confronter(client: TestClient) -> Confronter:
    """Rend les écarts d'une valeur JSON avec un schéma de l'OpenAPI servi (la part de JSON Schema qu'il emploie)."""
    document = client.get("/openapi.json").json()
    types = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "null": type(None)}

    def confronter_ici(schema: Any, valeur: Any, ou: str = "") -> list[str]:
        if "$ref" in schema:
            cible = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            return confronter_ici(cible, valeur, ou)
        formes = schema.get("anyOf") or schema.get("oneOf")
        if formes:
            essais = [confronter_ici(forme, valeur, ou) for forme in formes]
            return [] if [] in essais else min(essais, key=len)
        genre = schema.get("type")
        if genre == "number":
            return [] if isinstance(valeur, int | float) and not isinstance(valeur, bool) else [f"{ou} : nombre"]
        if genre and (not isinstance(valeur, types[genre]) or (genre == "integer" and isinstance(valeur, bool))):
            return [f"{ou} : {genre} attendu"]
        if valeur not in schema.get("enum", [valeur]) or valeur != schema.get("const", valeur):
            return [f"{ou} : hors liste"]
        if isinstance(valeur, str) and not re.search(schema.get("pattern", ""), valeur):
            return [f"{ou} : forme"]
        if isinstance(valeur, list):
            sous = schema.get("items", {})
            return [ecart for rang, v in enumerate(valeur) for ecart in confronter_ici(sous, v, f"{ou}[{rang}]")]
        if not isinstance(valeur, dict):
            return []
        connues, autres = schema.get("properties", {}), schema.get("additionalProperties", "properties" not in schema)
        ecarts = [f"{ou}.{cle} : manque" for cle in schema.get("required", ()) if cle not in valeur]
        for cle, v in valeur.items():
            if cle in connues:
                ecarts += confronter_ici(connues[cle], v, f"{ou}.{cle}")
            elif isinstance(autres, dict):
                ecarts += confronter_ici(autres, v, f"{ou}.{cle}")
            elif not autres:
                ecarts.append(f"{ou}.{cle} : de trop")
        return ecarts

    return confronter_ici
