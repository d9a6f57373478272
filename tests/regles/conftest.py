"""Ce que partagent les tests de la bibliothèque : un vérificateur du paquet livré, un du dossier minimal."""

from collections.abc import Iterator

import pytest

from services.regles.paquet import charger_paquet
from services.regles.verification import Verificateur
from tests.moteurs.atelier import charger_regles_reelles
from tests.regles.dossier_minimal import copier, ecrire


@pytest.fixture(scope="session")
def verificateur() -> Iterator[Verificateur]:
    """Le paquet livré, sous les deux moteurs."""
    bati = Verificateur(charger_regles_reelles(), "double")
    yield bati
    bati.fermer()


@pytest.fixture(scope="session")
def minimal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Verificateur]:
    """Le dossier minimal, sous les deux moteurs."""
    bati = Verificateur(charger_paquet(ecrire(tmp_path_factory.mktemp("minimal"), copier())), "double")
    yield bati
    bati.fermer()
