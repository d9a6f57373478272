"""Les JSON Schema publiés, engendrés des modèles : la FOP et la fiche de règle."""

from collections.abc import Callable
from typing import Any

from services.regles.champs import schema_fop
from services.regles.fiches import Fiche


def schema_fiche() -> dict[str, Any]:
    """Rend le JSON Schema d'une fiche de règle (complétion et survol dans l'éditeur)."""
    schema = _admettre_oui_non(Fiche.model_json_schema())
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Fiche de règle VériFOP",
    }


def _admettre_oui_non(noeud: Any) -> Any:
    """Admet `oui` et `non` où un booléen est attendu : un éditeur YAML 1.2 les lit comme des textes."""
    if isinstance(noeud, list):
        return [_admettre_oui_non(element) for element in noeud]
    if not isinstance(noeud, dict):
        return noeud
    if noeud.get("type") == "boolean":
        return {**{cle: valeur for cle, valeur in noeud.items() if cle != "type"}, "enum": [True, False, "oui", "non"]}
    return {cle: _admettre_oui_non(valeur) for cle, valeur in noeud.items()}


SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {"fop": schema_fop, "fiche-regle": schema_fiche}
