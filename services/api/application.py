"""L'application HTTP : elle assemble les routes, charge le paquet au démarrage, le recharge sur SIGHUP."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute

from services.api import erreurs, openapi, sante
from services.api.clauses import routes as clauses
from services.api.config import Reglages, lire_reglages
from services.api.couverture import routes as couverture
from services.api.dependances import controler_parametres
from services.api.detenteur import Detenteur
from services.api.documentation import routes as documentation
from services.api.enveloppe import Enveloppe
from services.api.exemples import lister_exemples
from services.api.paquet import routes as paquet
from services.api.regles import routes as regles
from services.api.site import routes as site
from services.api.verifications import routes as verifications
from services.regles.erreurs import ErreurVerifop

journal = logging.getLogger("verifop.api")


def creer_application(reglages: Reglages, detenteur: Detenteur | None = None) -> FastAPI:
    """Rend l'application. Le paquet est chargé à son démarrage, sauf si `detenteur` en porte déjà un.

    Un paquet fautif n'empêche pas de démarrer : l'API répond 503 et le journal dit les fautes, jusqu'à un rechargement
    réussi (SIGHUP).
    """
    application = FastAPI(
        title=openapi.TITRE,
        description=openapi.DESCRIPTION,
        version=openapi.VERSION,
        contact={"name": "VériFOP"},
        license_info={"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        openapi_tags=openapi.ETIQUETTES,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_nommer_operation,
        lifespan=_vivre,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    application.state.detenteur = detenteur or Detenteur(reglages)
    for module in (verifications, regles, clauses, couverture, paquet):
        application.include_router(module.routeur, dependencies=[Depends(controler_parametres)])
    application.include_router(sante.routeur)
    application.include_router(documentation.routeur)
    application.include_router(site.routeur)
    application.mount("/statique", documentation.servir_fichiers(), name="statique")
    application.add_middleware(Enveloppe)
    erreurs.installer(application)

    def decrire() -> dict[str, Any]:
        if application.openapi_schema is None:
            application.openapi_schema = openapi.decrire(application, lister_exemples(reglages.exemples))
        return application.openapi_schema

    application.openapi = decrire  # type: ignore[method-assign]
    return application


def creer_de_l_environnement() -> FastAPI:
    """Rend l'application réglée par les variables d'environnement (pour `uvicorn --factory`)."""
    return creer_application(lire_reglages(os.environ))


def _nommer_operation(route: APIRoute) -> str:
    return route.name


@asynccontextmanager
async def _vivre(application: FastAPI) -> AsyncIterator[None]:
    detenteur: Detenteur = application.state.detenteur
    if not detenteur.pret:
        await asyncio.to_thread(recharger, detenteur)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="verifop") as executeur:
        application.state.executeur = executeur
        _ecouter_sighup(detenteur)
        yield
    detenteur.fermer()


def recharger(detenteur: Detenteur) -> bool:
    """Charge le paquet et journalise l'issue ; rend faux si le paquet est refusé (l'ancien, s'il y en a un, reste)."""
    try:
        paquet = detenteur.charger()
    except ErreurVerifop as erreur:
        suite = "le précédent reste en service" if detenteur.pret else "l'API répondra 503"
        journal.error("paquet de règles refusé, %s :\n%s", suite, erreur)
        return False
    journal.info("paquet %s (%s) en service", paquet.version, paquet.empreinte)
    with detenteur.emprunter() as verificateur:
        if verificateur.degrade:
            journal.warning("durable-rules manque : le moteur %s juge seul", verificateur.moteur.nom)
    return True


def _ecouter_sighup(detenteur: Detenteur) -> None:
    boucle = asyncio.get_running_loop()
    en_cours: set[asyncio.Task[bool]] = set()
    terminal_ferme = surveiller_terminal()

    def lancer() -> None:
        if terminal_ferme():
            os.kill(os.getpid(), signal.SIGTERM)
            return
        # La boucle ne garde qu'une référence faible aux tâches.
        tache = boucle.create_task(asyncio.to_thread(recharger, detenteur))
        en_cours.add(tache)
        tache.add_done_callback(en_cours.discard)

    try:
        boucle.add_signal_handler(signal.SIGHUP, lancer)
    except (AttributeError, NotImplementedError, RuntimeError, ValueError):
        # Pas de SIGHUP sous Windows, ni hors du fil principal (client de test).
        journal.debug("rechargement par SIGHUP indisponible ici")


def surveiller_terminal() -> Callable[[], bool]:
    """Rend de quoi savoir si le terminal où le service a été lancé s'est fermé depuis.

    Fermer un terminal envoie aussi SIGHUP : le service doit alors s'arrêter, comme tout programme lancé à la main.
    """
    present = os.isatty(0)
    return lambda: present and not os.isatty(0)
