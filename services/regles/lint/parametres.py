"""Ce qu'un paramètre daté doit respecter : L12, et la fraîcheur de sa lecture (L13)."""

from collections.abc import Iterator
from datetime import timedelta

from services.regles.erreurs import Anomalie
from services.regles.lint.fiches import AGE_MAX_LECTURE
from services.regles.paquet import Paquet, Sources, situer

PARUTION_APRES = timedelta(days=366)
PARUTION_AVANT = timedelta(days=3653)


def controler_parametres(sources: Sources, paquet: Paquet) -> Iterator[Anomalie]:
    """Rend les fautes des paramètres : une parution trop loin de sa date d'effet, une lecture trop ancienne."""
    for cle, parametre in sources.parametres.items():
        document = sources.documents_parametres[cle]
        for rang, ligne in enumerate(parametre.valeurs):
            if ligne.parution is None:
                continue
            if not ligne.depuis - PARUTION_AVANT <= ligne.parution <= ligne.depuis + PARUTION_APRES:
                yield situer(
                    document,
                    (cle, "valeurs", rang, "parution"),
                    "L12",
                    f"une parution entre dix ans avant et un an après le {ligne.depuis}",
                    str(ligne.parution),
                    "relire le texte",
                )
        if parametre.verifie_le > paquet.publie_le or paquet.publie_le - parametre.verifie_le > AGE_MAX_LECTURE:
            yield situer(
                document,
                (cle, "verifie_le"),
                "L13",
                f"une date dans l'année qui précède le {paquet.publie_le}",
                str(parametre.verifie_le),
                "relire la source",
            )
