"""Le moteur double : les deux canaux jugent, on compare ; un désaccord est une erreur, jamais un « conforme »."""

from collections.abc import Callable, Sequence

from services.regles.moteur.port import ERREUR, Issue, Jugement, Moteur, Situation


class MoteurDouble:
    """Fait juger par le moteur engendré et par le moteur direct, et ne rend que ce sur quoi ils s'accordent."""

    nom = "double"

    def __init__(self, decideur: Moteur, controleur: Moteur, alerter: Callable[[int], None] | None = None) -> None:
        """`alerter` reçoit le nombre de désaccords dès qu'il y en a (journal, compteur)."""
        self._decideur = decideur
        self._controleur = controleur
        self._alerter = alerter

    def juger(self, situation: Situation) -> Jugement:
        """Rend le jugement commun ; chaque règle en désaccord rend `erreur`."""
        decide, controle = self._decideur.juger(situation), self._controleur.juger(situation)
        if decide == controle:
            return decide
        desaccords = 0

        def confronter(gauche: Sequence[Issue], droite: Sequence[Issue]) -> tuple[Issue, ...]:
            nonlocal desaccords
            desaccords += sum(a != b for a, b in zip(gauche, droite, strict=True))
            return tuple(a if a == b else ERREUR for a, b in zip(gauche, droite, strict=True))

        consultation = confronter(decide.consultation, controle.consultation)
        lots = tuple(confronter(a, b) for a, b in zip(decide.lots, controle.lots, strict=True))
        if self._alerter is not None:
            self._alerter(desaccords)
        return Jugement(consultation, lots, desaccords)

    def fermer(self) -> None:
        """Ferme les deux moteurs."""
        self._decideur.fermer()
        self._controleur.fermer()
