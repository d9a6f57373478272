"""Vérifier ce qui arrive en octets, rendre ce qui part en octets. Tout tourne dans l'exécuteur à un fil."""

import logging
import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from services.api.erreurs import ERREUR_INTERNE, Refus, composer_probleme, refuser_fop
from services.api.sortie import ecrire
from services.api.verifications.schemas import FopJugeeDuLot, FopRefuseeDuLot
from services.regles.erreurs import Anomalie, FopInvalide, ecrire_nombre
from services.regles.fop import decoder_json, lire_fop_json
from services.regles.rapport import Detail
from services.regles.verification import Verificateur

journal = logging.getLogger("verifop.api")

FOP_MAX_PAR_LOT: Final = 200


def verifier(verificateur: Verificateur, octets: bytes, date_de_reference: date | None, detail: Detail) -> bytes:
    """Rend le rapport d'une fiche, en JSON. Lève Refus si la fiche ne peut pas être lue."""
    try:
        fop = lire_fop_json(octets)
    except FopInvalide as invalide:
        refus = refuser_fop(invalide)
    else:
        return ecrire(verificateur.verifier(fop, date_de_reference, detail))
    raise refus


def verifier_element(
    verificateur: Verificateur,
    rang: int,
    octets: bytes,
    date_de_reference: date | None,
    detail: Detail,
    requete: str | None,
) -> bytes:
    """Rend l'élément `rang` d'un lot, en JSON : son rapport, ou le problème qui l'empêche. Ne lève rien."""
    try:
        rapport = verificateur.verifier(lire_fop_json(octets), date_de_reference, detail)
        return ecrire(FopJugeeDuLot(rang, rapport))
    except FopInvalide as invalide:
        refus = refuser_fop(invalide)
        probleme = composer_probleme(refus.genre, refus.detail, requete, refus.anomalies)
    except Exception:
        journal.exception("requête %s, élément %d : erreur interne", requete, rang)
        probleme = composer_probleme(ERREUR_INTERNE, "Une panne a empêché de juger cette fiche.", requete)
    return ecrire(FopRefuseeDuLot(rang, probleme))


_JETON = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{},]', re.DOTALL)
_MARQUE_D_ORDRE: Final = b"\xef\xbb\xbf"


def decouper_lot(octets: bytes) -> list[bytes]:
    """Découpe une liste JSON en ses éléments, sans les décoder : la faute de l'un ne gêne pas les autres.

    Lève Refus si le document n'est pas une liste, ou si elle ne compte pas de 1 à 200 éléments.
    """
    bornes = list(_parcourir_elements(octets))
    if not bornes or bornes[-1] is None:
        raise _refuser_document(octets)
    elements = [octets[debut:fin] for debut, fin in bornes if debut is not None]
    return elements


def _parcourir_elements(octets: bytes) -> Iterator[tuple[int, int] | None]:
    return iter(())


def _refuser_document(octets: bytes) -> Refus:
    """Dit pourquoi le document entier n'est pas une liste de fiches."""
    return Refus(ERREUR_INTERNE, "")
