"""Les réglages de l'API, lus de l'environnement une fois pour toutes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast, get_args

from services.regles.erreurs import ErreurVerifop, trouver_proche
from services.regles.moteur.choix import NomMoteur

RACINE: Final = Path(__file__).resolve().parents[2]
"""La racine du dépôt : là vivent `regles/`, `exemples/` et `openapi/`."""

_OUI_NON: Final[Mapping[str, bool]] = {"1": True, "oui": True, "0": False, "non": False, "": False}


class ReglageInvalide(ErreurVerifop):
    """Une variable d'environnement a une valeur que l'API ne comprend pas."""


@dataclass(frozen=True, slots=True)
class Reglages:
    """Ce qui distingue une installation d'une autre.

    `exiger_durable` : refuser de servir quand durable-rules manque, au lieu de répondre avec un seul moteur.
    `cache` : le dossier où garder les règles déjà lues, pour redémarrer plus vite ; None, ne rien garder.
    """

    regles: Path = RACINE / "regles"
    moteur: NomMoteur = "double"
    exiger_durable: bool = False
    exemples: Path = RACINE / "exemples"
    cache: Path | None = None


def lire_reglages(environnement: Mapping[str, str]) -> Reglages:
    """Lit VERIFOP_REGLES, VERIFOP_MOTEUR, VERIFOP_EXIGER_DURABLE, VERIFOP_EXEMPLES et VERIFOP_CACHE.

    Chacune a un défaut.

    Lève ReglageInvalide, qui nomme la variable et les valeurs admises.
    """
    defauts = Reglages()
    return Reglages(
        regles=Path(environnement.get("VERIFOP_REGLES") or defauts.regles),
        moteur=_lire_moteur(environnement.get("VERIFOP_MOTEUR") or defauts.moteur),
        exiger_durable=_lire_oui_non("VERIFOP_EXIGER_DURABLE", environnement.get("VERIFOP_EXIGER_DURABLE", "")),
        exemples=Path(environnement.get("VERIFOP_EXEMPLES") or defauts.exemples),
        cache=lire_cache(environnement),
    )


def lire_cache(environnement: Mapping[str, str]) -> Path | None:
    """Lit VERIFOP_CACHE, le dossier où garder les règles déjà lues ; vide, rien n'est gardé.

    Défaut : `$XDG_CACHE_HOME/verifop`, sinon `~/.cache/verifop` ; rien si l'utilisateur n'a pas de dossier.
    """
    voulu = environnement.get("VERIFOP_CACHE")
    if voulu is not None:
        return Path(voulu) if voulu.strip() else None
    caches, maison = Path(environnement.get("XDG_CACHE_HOME", "")), Path(environnement.get("HOME", ""))
    if caches.is_absolute():  # la norme XDG veut qu'un chemin relatif soit ignoré
        return caches / "verifop"
    return maison / ".cache" / "verifop" if maison.is_absolute() else None


def _lire_moteur(lu: str) -> NomMoteur:
    admis: tuple[str, ...] = get_args(NomMoteur)
    if lu not in admis:
        proche = trouver_proche(lu, admis)
        conseil = f" ; écrire « {proche} »" if proche is not None else ""
        raise ReglageInvalide(f"VERIFOP_MOTEUR : l'un de {', '.join(admis)} attendu{conseil}.")
    return cast(NomMoteur, lu)


def _lire_oui_non(nom: str, lu: str) -> bool:
    if lu.strip().casefold() not in _OUI_NON:
        raise ReglageInvalide(f"{nom} : 1 ou 0 attendu.")
    return _OUI_NON[lu.strip().casefold()]
