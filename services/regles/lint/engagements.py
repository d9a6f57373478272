"""Ce que la couverture des schémas doit respecter : L18, ni règle inconnue, ni règle de schéma sans engagement."""

from collections.abc import Iterator

from services.regles.erreurs import Anomalie
from services.regles.paquet import Paquet, Sources, situer


def controler_engagements(sources: Sources, paquet: Paquet) -> Iterator[Anomalie]:
    """Rend les fautes de la couverture ; un dossier sans schéma n'en a pas."""
    if not sources.engagements:
        return
    citees: set[str] = set()
    for cle, engagement in sources.engagements.items():
        citees.update(engagement.regles)
        for rang, regle in enumerate(engagement.regles):
            if paquet.trouver_regle(regle) is None:
                document = sources.documents_engagements[cle]
                ou = (cle, "regles", rang)
                yield situer(document, ou, "L18", "une règle du paquet", regle, "l'écrire, ou corriger la ligne")
    for document, fiche in sources.fiches:
        if fiche.famille == "engagement_local" and fiche.id not in citees:
            attendu = "une ligne de regles/engagements qui cite cette règle"
            yield situer(document, ("id",), "L18", attendu, fiche.id, "dire à quel engagement elle répond")
