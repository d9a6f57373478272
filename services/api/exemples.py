"""Les fiches d'exemple du dépôt : au menu de la documentation, et dans la commande affichée au démarrage."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from services.regles.erreurs import FopInvalide
from services.regles.lecture_fop import lire_fop_json

LONGUEUR_MAX_RESUME: Final = 90


@dataclass(frozen=True, slots=True)
class Exemple:
    """Une fiche d'exemple : son fichier, une ligne qui la présente, son contenu."""

    fichier: Path
    resume: str
    fop: dict[str, Any]

    @property
    def nom(self) -> str:
        """Le nom du fichier, sans extension : la clé de l'exemple."""
        return self.fichier.stem


def lister_exemples(dossier: Path) -> list[Exemple]:
    """Rend les fiches valides du dossier, par nom de fichier.

    Les autres fichiers (rapports attendus, fiches volontairement fautives) sont passés : un exemple s'exécute.
    """
    exemples = []
    for fichier in sorted(dossier.glob("*.json")):
        octets = fichier.read_bytes()
        try:
            fop = lire_fop_json(octets)
        except FopInvalide:
            continue
        exemples.append(Exemple(fichier, _abreger(fop.objet), json.loads(octets)))
    return exemples


def _abreger(objet: str) -> str:
    return objet if len(objet) <= LONGUEUR_MAX_RESUME else objet[: LONGUEUR_MAX_RESUME - 1].rstrip() + "…"
