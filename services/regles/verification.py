"""Vérifier : une FOP, un paquet, une date ; un rapport."""

from collections.abc import Callable
from datetime import date

from services.regles.faits import etablir_faits
from services.regles.fop import Fop
from services.regles.moteur.choix import NomMoteur, construire_moteur
from services.regles.moteur.port import separer_par_niveau
from services.regles.paquet import Paquet, suspendre_ramasse_miettes
from services.regles.rapport import Detail, Rapport
from services.regles.redaction import Carte, Redacteur, Redaction
from services.regles.remedes import Clausier


class Verificateur:
    """Un paquet prêt à juger : règles compilées, clausier, moteur. Partageable entre fils ; à fermer après usage."""

    def __init__(
        self, paquet: Paquet, nom_moteur: NomMoteur = "double", alerter: Callable[[int], None] | None = None
    ) -> None:
        """Compile le paquet. `alerter` reçoit le nombre de désaccords entre les deux moteurs.

        Lève MoteurIndisponible si `durable` est exigé et ne peut pas être construit.
        """
        self.paquet = paquet
        with suspendre_ramasse_miettes():
            self.moteur, self.degrade = construire_moteur(nom_moteur, paquet.regles, alerter)
            self._consultation, self._lot = separer_par_niveau(paquet.regles)
            self._redacteur = Redacteur(
                paquet,
                Clausier(paquet),
                {regle.fiche.cle: Carte(regle) for regle in paquet.regles},
                self.moteur.nom,
                self.degrade,
            )

    def verifier(self, fop: Fop, date_de_reference: date | None = None, detail: Detail = "complet") -> Rapport:
        """Rend le rapport. `date_de_reference` simule une date de lancement ; ne lève rien sur une FOP valide."""
        faits = etablir_faits(fop, self.paquet.acheteurs, date_de_reference)
        cadrage = self.paquet.cadrer(faits)
        jugement = self.moteur.juger(self.paquet.situer(faits, cadrage))
        redaction = Redaction(self._redacteur, fop, faits, cadrage, detail)
        for regle, issue in zip(self._consultation, jugement.consultation, strict=True):
            redaction.ajouter(regle, issue, None)
        for rang, issues in enumerate(jugement.lots):
            for regle, issue in zip(self._lot, issues, strict=True):
                redaction.ajouter(regle, issue, rang)
        return redaction.conclure(date_de_reference)

    def fermer(self) -> None:
        """Libère le moteur."""
        self.moteur.fermer()
