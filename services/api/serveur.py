"""Servir l'API : la commande `verifop servir`."""

import os
import shlex
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import uvicorn
from uvicorn.supervisors import Multiprocess

from services.api.application import creer_application, surveiller_terminal
from services.api.config import Reglages, lire_reglages
from services.api.detenteur import Detenteur
from services.api.exemples import lister_exemples
from services.regles.erreurs import ErreurVerifop
from services.regles.verification import Verificateur

ATTENTE_MAX: Final = 2048
"""Connexions en attente d'être acceptées."""
APPLICATION: Final = "services.api.application:creer_de_l_environnement"
JOURNAL: Final[Mapping[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"ligne": {"format": "%(asctime)s %(levelname)s %(message)s"}},
    "handlers": {"erreur": {"class": "logging.StreamHandler", "formatter": "ligne", "stream": "ext://sys.stderr"}},
    "loggers": {
        "verifop": {"handlers": ["erreur"], "level": "INFO", "propagate": False},
        "uvicorn": {"handlers": ["erreur"], "level": "WARNING", "propagate": False},
    },
}


class AdresseIndisponible(ErreurVerifop):
    """L'adresse ou le port demandé ne peut pas être ouvert."""


class _Processus(Multiprocess):
    """Le superviseur d'uvicorn, sauf sur SIGHUP : chaque processus recharge ses règles au lieu d'être remplacé."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self._terminal_ferme = surveiller_terminal()

    def handle_hup(self) -> None:
        if self._terminal_ferme():
            self.should_exit.set()
            return
        for processus in self.processes:
            if processus.pid is not None:
                os.kill(processus.pid, signal.SIGHUP)


def servir(hote: str, port: int, processus: int = 1) -> None:
    """Sert l'API jusqu'à l'interruption ; affiche d'abord l'adresse, le moteur, le paquet et une commande d'essai.

    Lève ReglageInvalide, PaquetInvalide, MoteurIndisponible ou AdresseIndisponible, avant d'avoir rien servi.
    """
    reglages = lire_reglages(os.environ)
    detenteur = Detenteur(reglages)
    detenteur.charger()
    prise = _ouvrir(hote, port)
    with detenteur.emprunter() as verificateur:
        sys.stdout.write(presenter(_nommer(prise), verificateur, _choisir_exemple(reglages)))
        sys.stdout.flush()
    journal = dict(JOURNAL)
    try:
        if processus == 1:
            application = creer_application(reglages, detenteur)
            uvicorn.Server(uvicorn.Config(application, log_config=journal, access_log=False)).run(sockets=[prise])
        else:
            detenteur.fermer()
            reglage = uvicorn.Config(APPLICATION, factory=True, workers=processus, log_config=journal, access_log=False)
            _Processus(reglage, sockets=[prise]).run()
    except KeyboardInterrupt:
        # Ctrl-C est la façon normale d'arrêter.
        pass
    finally:
        prise.close()


def _ouvrir(hote: str, port: int) -> socket.socket:
    famille = socket.AF_INET6 if ":" in hote else socket.AF_INET
    # Protocole nommé : asyncio ne désactive l'algorithme de Nagle (40 ms par réponse) que s'il le reconnaît.
    prise = socket.socket(famille, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        prise.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        prise.bind((hote, port))
        prise.listen(ATTENTE_MAX)
    except OSError as erreur:
        prise.close()
        raise AdresseIndisponible(
            f"impossible d'écouter sur {hote}, port {port} ({os.strerror(erreur.errno or 0)}) : choisir un autre port "
            "avec --port."
        ) from None
    prise.set_inheritable(True)
    return prise


def _nommer(prise: socket.socket) -> str:
    hote, port = prise.getsockname()[:2]
    # « 0.0.0.0 » et « :: » désignent toutes les adresses : aucune ne s'appelle ainsi.
    if hote in ("0.0.0.0", "::"):
        hote = "127.0.0.1"
    return f"http://[{hote}]:{port}" if ":" in hote else f"http://{hote}:{port}"


def _choisir_exemple(reglages: Reglages) -> Path | None:
    exemples = lister_exemples(reglages.exemples)
    if not exemples:
        return None
    fichier = exemples[0].fichier
    return fichier.relative_to(Path.cwd()) if fichier.is_relative_to(Path.cwd()) else fichier


def presenter(adresse: str, verificateur: Verificateur, exemple: Path | None) -> str:
    """Rend ce que la commande affiche au démarrage."""
    paquet = verificateur.paquet
    moteur = verificateur.moteur.nom
    if verificateur.degrade:
        moteur += " seul : durable-rules manque, chaque verdict n'est calculé qu'une fois"
    lignes = [
        f"VériFOP écoute sur {adresse}",
        f"  essayer  {adresse}/docs",
        f"  règles   {len(paquet.regles)}, paquet {paquet.version} ({paquet.empreinte[:12]})",
        f"  moteur   {moteur}",
    ]
    if exemple is not None:
        lignes += [
            "Vérifier une fiche d'exemple :",
            f"  curl -s -X POST {adresse}/v1/verifications -H 'content-type: application/json' "
            f"--data @{shlex.quote(str(exemple))}",
        ]
    return "\n".join([*lignes, "Ctrl-C pour arrêter ; SIGHUP pour recharger les règles.", ""])
