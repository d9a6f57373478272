"""Vérifier ce qui arrive en octets, rendre ce qui part en octets."""

import logging
import re
from datetime import date
from typing import Final

from services.api.erreurs import ERREUR_INTERNE, Refus, composer_probleme, refuser_fop
from services.api.sortie import ecrire
from services.api.verifications.schemas import FopJugeeDuLot, FopRefuseeDuLot
from services.regles.erreurs import Anomalie, FopInvalide, ecrire_nombre
from services.regles.lecture_fop import decoder_json, lire_fop_json
from services.regles.rapport import Detail
from services.regles.verification import Verificateur

journal = logging.getLogger("verifop.api")

FOP_MAX_PAR_LOT: Final = 200
OCTETS_LEGERS: Final = 64 * 1024
OBJETS_LEGERS: Final = 64


def etre_legere(octets: bytes) -> bool:
    """Dit si une fiche est assez petite pour être jugée dans la boucle, en quelques millisecondes.

    Changer de fil coûte de 10 à 40 % du débit (`bancs/http`) ; une fiche de cinq cents lots, elle, gèlerait la boucle.
    Chaque lot, critère ou clause est un objet JSON : leur nombre borne le travail.
    """
    return len(octets) <= OCTETS_LEGERS and octets.count(b"{") <= OBJETS_LEGERS


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


# Une chaîne entière, une chaîne jamais refermée, ou un signe de structure.
_JETON = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{},]', re.DOTALL)
_MARQUE_D_ORDRE: Final = b"\xef\xbb\xbf"
_BLANCS: Final = b" \t\r\n"


def decouper_lot(octets: bytes) -> list[bytes]:
    """Découpe une liste JSON en ses éléments, sans les décoder : la faute de l'un ne gêne pas les autres.

    Lève Refus si le document n'est pas une liste, ou si elle ne compte pas de 1 à 200 éléments.
    """
    nu = octets.removeprefix(_MARQUE_D_ORDRE).strip(_BLANCS)
    elements: list[bytes] = []
    profondeur, debut, fin = 0, 1, -1
    for jeton in _JETON.finditer(nu) if nu.startswith(b"[") else ():
        signe = jeton[0]
        if signe in b"[{":
            profondeur += 1
        elif signe in b"]}":
            profondeur -= 1
            if profondeur == 0:
                elements.append(nu[debut : jeton.start()])
                fin = jeton.end()
                break
        elif signe == b"," and profondeur == 1:
            elements.append(nu[debut : jeton.start()])
            debut = jeton.end()
        elif signe == b'"':
            break
    if fin != len(nu):
        raise _refuser_document(octets)
    if len(elements) == 1 and not elements[0].strip(_BLANCS):
        elements = []
    if not 1 <= len(elements) <= FOP_MAX_PAR_LOT:
        code = "trop_long" if elements else "trop_court"
        correction = "répartir en plusieurs envois" if elements else "envoyer au moins une fiche"
        lu = f"liste de {ecrire_nombre(len(elements))} éléments" if elements else "liste vide"
        attendu = f"liste de 1 à {FOP_MAX_PAR_LOT} fiches"
        raise refuser_fop(FopInvalide([Anomalie(code, "", "", attendu, lu, correction)]))
    return elements


def _refuser_document(octets: bytes) -> Refus:
    """Dit pourquoi un document n'est pas une liste de fiches : illisible, ou d'une autre forme."""
    try:
        decoder_json(octets)
    except FopInvalide as invalide:
        return refuser_fop(invalide)
    attendu = f"liste de 1 à {FOP_MAX_PAR_LOT} fiches"
    correction = "mettre les fiches entre crochets, séparées par des virgules"
    return refuser_fop(FopInvalide([Anomalie("type_attendu", "", "", attendu, "valeur d'un autre type", correction)]))
