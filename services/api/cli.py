"""La commande `verifop` : celle de la bibliothèque, plus le service."""

import os
import sys
from typing import Annotated

import typer

from services.api.config import lire_cache
from services.regles.cli import Code, application, arreter
from services.regles.erreurs import EntreesInvalides, ErreurVerifop


@application.command()
def servir(
    hote: Annotated[str, typer.Option(help="Adresse d'écoute.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port d'écoute.")] = 8000,
    processus: Annotated[int, typer.Option(min=1, help="Nombre de processus.")] = 1,
) -> None:
    """Servir l'API et sa documentation interactive."""
    # Importé ici : vérifier un fichier n'a pas à charger le serveur.
    from services.api.serveur import servir as lancer

    lancer(hote, port, processus)


def principal() -> None:
    """Point d'entrée. Une panne se dit en une ligne et sort avec le code 4, jamais en trace."""
    try:
        application(obj=lire_cache(os.environ))
    except EntreesInvalides as erreur:
        _terminer(str(erreur), Code.ENTREE_FAUTIVE)
    except ErreurVerifop as erreur:
        _terminer(f"VériFOP ne peut pas continuer : {erreur}", Code.ENTREE_FAUTIVE)
    except Exception as erreur:
        _terminer(
            f"Erreur interne ({type(erreur).__name__}) : signaler ce cas, avec la commande lancée.",
            Code.ERREUR_INTERNE,
        )


def _terminer(message: str, code: Code) -> None:
    try:
        arreter(message, code)
    except typer.Exit:
        sys.exit(code)
