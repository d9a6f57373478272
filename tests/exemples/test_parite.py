"""Un même exemple rend le même rapport par chaque moteur, par la ligne de commande et par HTTP."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient

from services.api.application import creer_application
from services.api.config import Reglages
from services.api.sortie import ecrire
from services.regles.moteur.choix import NomMoteur
from services.regles.paquet import charger_paquet
from services.regles.verification import Verificateur
from tests.exemples.test_exemples import EXEMPLES, RACINE, VALIDES, lire_exemple

MOTEURS: tuple[NomMoteur, ...] = ("double", "direct", "durable")


@pytest.fixture(scope="module")
def verificateurs() -> Iterator[dict[str, Verificateur]]:
    paquet = charger_paquet(RACINE / "regles")
    ouverts: dict[str, Verificateur] = {nom: Verificateur(paquet, nom) for nom in MOTEURS}
    yield ouverts
    for verificateur in ouverts.values():
        verificateur.fermer()


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(creer_application(Reglages())) as client:
        yield client


def _comparer(octets: bytes) -> Any:
    """Rend le rapport sans le nom du moteur, seul à pouvoir changer."""
    rapport = orjson.loads(octets)
    rapport.pop("moteur")
    return rapport


@pytest.mark.parametrize("nom", VALIDES)
def test_le_rapport_ne_depend_ni_du_moteur_ni_du_chemin(
    nom: str, verificateurs: dict[str, Verificateur], client: TestClient
) -> None:
    fop = lire_exemple(nom)
    attendu = _comparer(ecrire(verificateurs["double"].verifier(fop, detail="complet")))
    assert not any(constat["verdict"] == "erreur" for constat in attendu["constats"])
    for moteur in ("direct", "durable"):
        assert _comparer(ecrire(verificateurs[moteur].verifier(fop, detail="complet"))) == attendu
    lue = client.post(
        "/v1/verifications",
        params={"detail": "complet"},
        content=(EXEMPLES / f"{nom}.json").read_bytes(),
        headers={"content-type": "application/json"},
    )
    assert lue.status_code == 200
    assert _comparer(lue.content) == attendu
