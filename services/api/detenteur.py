"""Le paquet en service : chargé une fois, remplacé d'un coup, rendu quand plus personne ne s'en sert.

Une requête emprunte le vérificateur courant et le garde jusqu'à sa réponse, même si un autre paquet prend sa place
entre-temps. Un paquet fautif est refusé : l'ancien continue de répondre.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from services.api.config import Reglages
from services.regles.erreurs import ErreurVerifop
from services.regles.moteur.port import MoteurIndisponible
from services.regles.paquet import Paquet, charger_paquet
from services.regles.verification import Verificateur

journal = logging.getLogger("verifop.api")

Rechargement = Literal["accepte", "refuse"]


class PaquetAbsent(ErreurVerifop):
    """Aucun paquet n'a encore pu être chargé."""


class _EnService:
    """Un vérificateur et le nombre de requêtes qui s'en servent."""

    __slots__ = ("emprunts", "retire", "verificateur")

    def __init__(self, verificateur: Verificateur) -> None:
        self.verificateur = verificateur
        self.emprunts = 0
        self.retire = False


class Detenteur:
    """Détient le vérificateur courant. Utilisable par plusieurs fils."""

    def __init__(self, reglages: Reglages) -> None:
        """Ne charge rien ; voir `charger`."""
        self._reglages = reglages
        self._courant: _EnService | None = None
        self._verrou = threading.Lock()
        self._chargement = threading.Lock()
        self.desaccords = 0
        self.dernier_rechargement: Rechargement | None = None

    @property
    def pret(self) -> bool:
        """Vrai si un paquet est en service."""
        return self._courant is not None

    def charger(self) -> Paquet:
        """Charge le dossier de règles et le met en service à la place du précédent ; rend le nouveau paquet.

        Lève PaquetInvalide (fautes du dossier) ou MoteurIndisponible ; le paquet précédent reste alors en service.
        """
        with self._chargement:
            rechargement = self.pret
            try:
                neuf = _EnService(self._construire())
            except ErreurVerifop:
                if rechargement:
                    self.dernier_rechargement = "refuse"
                raise
            with self._verrou:
                ancien, self._courant = self._courant, neuf
                if ancien is not None:
                    ancien.retire = True
                    self.dernier_rechargement = "accepte"
                inemploye = ancien is not None and ancien.emprunts == 0
            if ancien is not None and inemploye:
                ancien.verificateur.fermer()
            return neuf.verificateur.paquet

    def _construire(self) -> Verificateur:
        paquet = charger_paquet(self._reglages.regles, self._reglages.cache)
        verificateur = Verificateur(paquet, self._reglages.moteur, self._compter)
        if verificateur.degrade and self._reglages.exiger_durable:
            verificateur.fermer()
            raise MoteurIndisponible(
                "durable-rules n'est pas installé, et VERIFOP_EXIGER_DURABLE interdit de répondre avec un seul moteur."
            )
        return verificateur

    def _compter(self, desaccords: int) -> None:
        with self._verrou:
            self.desaccords += desaccords
        journal.error("les deux moteurs sont en désaccord sur %d règle(s) : verdict « erreur » rendu", desaccords)

    @contextmanager
    def emprunter(self) -> Iterator[Verificateur]:
        """Prête le vérificateur courant pour la durée du bloc. Lève PaquetAbsent si aucun n'est en service."""
        with self._verrou:
            emprunte = self._courant
            if emprunte is None:
                raise PaquetAbsent("aucun paquet de règles n'est en service")
            emprunte.emprunts += 1
        try:
            yield emprunte.verificateur
        finally:
            with self._verrou:
                emprunte.emprunts -= 1
                a_fermer = emprunte.retire and emprunte.emprunts == 0
            if a_fermer:
                emprunte.verificateur.fermer()

    def fermer(self) -> None:
        """Retire le paquet en service ; le dernier emprunteur, ou à défaut cet appel, le ferme."""
        with self._verrou:
            ancien, self._courant = self._courant, None
            if ancien is None:
                return
            ancien.retire = True
            inemploye = ancien.emprunts == 0
        if inemploye:
            ancien.verificateur.fermer()
