"""Les fiches d'exemple du dépôt : au menu de la documentation, et dans la commande affichée au démarrage."""

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from services.regles.erreurs import FopInvalide
from services.regles.lecture_fop import decoder_json, lire_fop, nettoyer

LONGUEUR_MAX_RESUME: Final = 90


@dataclass(frozen=True, slots=True)
class Exemple:
    """Une fiche d'exemple : son fichier, une ligne qui la présente, son contenu sous la forme du schéma publié."""

    fichier: Path
    resume: str
    fop: dict[str, Any]

    @property
    def nom(self) -> str:
        """Le nom du fichier, sans extension : la clé de l'exemple."""
        return self.fichier.stem


def lister_exemples(dossier: Path) -> list[Exemple]:
    """Rend les fiches valides du dossier, par nom de fichier.

    Les autres fichiers (fiches volontairement fautives…) sont passés : un exemple doit s'exécuter.
    """
    exemples = []
    for fichier in sorted(dossier.glob("*.json")):
        try:
            brut = decoder_json(fichier.read_bytes())
            fop = lire_fop(brut)
        except FopInvalide:
            continue
        assert isinstance(brut, dict)
        # Un fichier peut s'écrire librement (« Appel d'offres ouvert ») ; le schéma ne décrit que la forme canonique.
        canonique = json.loads(json.dumps(nettoyer(brut)[0], default=_ecrire_autre))
        # Deux fiches peuvent avoir le même objet : le nom du fichier les distingue, et permet de les retrouver.
        exemples.append(Exemple(fichier, f"{_abreger(fop.objet)} ({fichier.stem})", canonique))
    return exemples


def _ecrire_autre(valeur: object) -> object:
    if isinstance(valeur, date):
        return valeur.isoformat()
    if isinstance(valeur, Decimal):
        entier = int(valeur)
        return entier if entier == valeur else f"{valeur:f}"
    raise TypeError(f"type impossible à écrire en JSON : {type(valeur).__name__}")


def _abreger(objet: str) -> str:
    return objet if len(objet) <= LONGUEUR_MAX_RESUME else objet[: LONGUEUR_MAX_RESUME - 1].rstrip() + "…"
