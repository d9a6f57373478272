"""Lire le corps d'une requête : du JSON, borné, sans le décoder."""

from typing import Final

from fastapi import Request

from services.api.erreurs import CORPS_TROP_GRAND, TYPE_DE_CONTENU, Refus
from services.regles.fop import TAILLE_MAX_CORPS

# Le reste du corps n'est pas lu : la connexion ne peut plus servir.
_FERMER: Final = {"Connection": "close"}


async def lire_corps(requete: Request) -> bytes:
    """Rend les octets du corps.

    Lève Refus : 415 si ce n'est pas annoncé comme du JSON non compressé, 413 au-delà de 2 Mio, sans lire la suite.
    """
    if not _etre_json(requete.headers.get("content-type", "")):
        raise Refus(TYPE_DE_CONTENU, "Envoyer la fiche en JSON, avec l'entête « Content-Type: application/json ».")
    if requete.headers.get("content-encoding", "identity") != "identity":
        raise Refus(TYPE_DE_CONTENU, "Envoyer le corps sans compression, sans entête « Content-Encoding ».")
    annonce = requete.headers.get("content-length", "")
    if annonce.isdigit() and int(annonce) > TAILLE_MAX_CORPS:
        raise _refuser_taille()
    morceaux: list[bytes] = []
    recus = 0
    async for morceau in requete.stream():
        recus += len(morceau)
        if recus > TAILLE_MAX_CORPS:
            raise _refuser_taille()
        morceaux.append(morceau)
    return b"".join(morceaux)


def _etre_json(type_de_contenu: str) -> bool:
    type_nu = type_de_contenu.partition(";")[0].strip().lower()
    return type_nu == "application/json" or (type_nu.startswith("application/") and type_nu.endswith("+json"))


def _refuser_taille() -> Refus:
    detail = "Le corps dépasse 2 Mio : raccourcir les textes ou envoyer moins de fiches."
    return Refus(CORPS_TROP_GRAND, detail, entetes=_FERMER)
