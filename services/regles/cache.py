"""Garder un dossier de règles déjà lu, pour redémarrer sans relire son YAML.

L'empreinte des fichiers nomme le cache : changer un octet d'une règle en fait un autre. Le contenu gardé repasse par
les mêmes contrôles que s'il venait du YAML ; un cache absent, illisible ou impossible à écrire ne change que la
vitesse.
"""

import json
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

journal = logging.getLogger("verifop.regles")

FORMAT: Final = 1
"""À changer quand la lecture du YAML change : un contenu gardé par une version plus ancienne ne sert plus."""
GARDES: Final = 8
"""Dossiers de règles gardés, les plus récents : qui écrit des règles en laisse un par enregistrement."""
_DECIMAL: Final = "$decimal"


def nommer(dossier: Path, empreinte: str) -> Path:
    """Rend le fichier où se garde le dossier de règles de cette empreinte."""
    return dossier / f"regles-{FORMAT}-{empreinte}.json"


def lire(dossier: Path, empreinte: str) -> dict[str, Any] | None:
    """Rend le contenu gardé de chaque fichier, par nom ; None s'il n'y en a pas de lisible."""
    try:
        contenus = json.loads(nommer(dossier, empreinte).read_bytes(), object_hook=_relire)
    except (OSError, ValueError, ArithmeticError, RecursionError):
        return None
    return contenus if isinstance(contenus, dict) else None


def ecrire(dossier: Path, empreinte: str, contenus: Mapping[str, Any]) -> None:
    """Garde le contenu de chaque fichier ; sans effet si le dossier ne se laisse pas écrire."""
    fichier = nommer(dossier, empreinte)
    texte = _serialiser(contenus)
    if texte is None:
        return
    provisoire = fichier.with_suffix(f".{os.getpid()}.{id(contenus):x}.tmp")
    try:
        dossier.mkdir(mode=0o700, parents=True, exist_ok=True)
        provisoire.write_text(texte, encoding="utf-8")
        # D'un coup : un autre processus ne lit jamais un cache à moitié écrit.
        provisoire.replace(fichier)
        anciens = sorted(dossier.glob("regles-*.json"), key=lambda f: f.stat().st_mtime)[:-GARDES]
        for ancien in anciens:
            ancien.unlink(missing_ok=True)
    except OSError as erreur:
        journal.debug("cache des règles non écrit : %s", erreur)
        with suppress(OSError):
            provisoire.unlink(missing_ok=True)


def _serialiser(contenus: Mapping[str, Any]) -> str | None:
    """Rend le contenu en JSON, ses décimaux marqués ; None s'il porte déjà cette marque, qui se relirait de travers."""
    decimaux = 0

    def marquer(valeur: object) -> dict[str, str]:
        nonlocal decimaux
        if not isinstance(valeur, Decimal):
            raise TypeError(f"type inattendu dans une règle : {type(valeur).__name__}")
        decimaux += 1
        return {_DECIMAL: str(valeur)}

    texte = json.dumps(contenus, default=marquer, ensure_ascii=False)
    return texte if texte.count(f'"{_DECIMAL}": ') == decimaux else None


def _relire(objet: dict[str, Any]) -> Any:
    return Decimal(objet[_DECIMAL]) if _DECIMAL in objet else objet
