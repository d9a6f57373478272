"""Garder un dossier de règles déjà lu, pour redémarrer sans relire son YAML.

L'empreinte des fichiers nomme le cache : changer un octet d'une règle en fait un autre. Le contenu gardé repasse par
les mêmes contrôles que s'il venait du YAML ; un cache absent, illisible ou impossible à écrire ne change que la
vitesse.
"""

import json
import logging
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

journal = logging.getLogger("verifop.regles")

FORMAT: Final = 1
_DECIMAL: Final = "$decimal"


def nommer(dossier: Path, empreinte: str) -> Path:
    """Rend le fichier où se garde le dossier de règles de cette empreinte."""
    return dossier / f"regles-{FORMAT}-{empreinte}.json"


def lire(dossier: Path, empreinte: str) -> dict[str, Any] | None:
    """Rend le contenu gardé de chaque fichier, par nom ; None s'il n'y en a pas de lisible."""
    try:
        contenus = json.loads(nommer(dossier, empreinte).read_bytes(), object_hook=_relire)
    except (OSError, ValueError, RecursionError):
        return None
    return contenus if isinstance(contenus, dict) else None


def ecrire(dossier: Path, empreinte: str, contenus: Mapping[str, Any]) -> None:
    """Garde le contenu de chaque fichier ; sans effet si le dossier ne se laisse pas écrire."""
    fichier = nommer(dossier, empreinte)
    provisoire = fichier.with_suffix(f".{id(contenus):x}.tmp")
    try:
        dossier.mkdir(parents=True, exist_ok=True)
        provisoire.write_text(json.dumps(contenus, default=_ecrire_decimal, ensure_ascii=False), encoding="utf-8")
        # D'un coup : un autre processus ne lit jamais un cache à moitié écrit.
        provisoire.replace(fichier)
    except OSError as erreur:
        journal.debug("cache des règles non écrit : %s", erreur)


def _ecrire_decimal(valeur: object) -> dict[str, str]:
    if isinstance(valeur, Decimal):
        return {_DECIMAL: str(valeur)}
    raise TypeError(f"type inattendu dans une règle : {type(valeur).__name__}")


def _relire(objet: dict[str, Any]) -> Any:
    return Decimal(objet[_DECIMAL]) if _DECIMAL in objet else objet
