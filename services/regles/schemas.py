"""Les JSON Schema publiés, engendrés des modèles : la FOP et la fiche de règle."""

from collections.abc import Callable
from typing import Any

from services.regles.champs import schema_fop
from services.regles.fiches import Fiche


def schema_fiche() -> dict[str, Any]:
    """Rend le JSON Schema d'une fiche de règle (complétion et survol dans l'éditeur)."""
    schema = Fiche.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Fiche de règle VériFOP",
    }


SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {"fop": schema_fop, "fiche-regle": schema_fiche}
