"""Les refus de l'API : un seul format (RFC 9457), en français, pour toutes les erreurs.

Une réponse d'erreur ne répète jamais une valeur reçue : une fiche porte des données personnelles.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.exceptions import HTTPException

from services.api.detenteur import PaquetAbsent
from services.api.sortie import ecrire
from services.regles.erreurs import Anomalie, FopInvalide, traduire, trouver_proche

journal = logging.getLogger("verifop.api")

TYPE_PROBLEME: Final = "application/problem+json"
ADRESSE_DU_SCHEMA: Final = "#/components/schemas/Probleme"


@dataclass(frozen=True, slots=True)
class Genre:
    """Une sorte de refus : son code stable, son statut HTTP, son titre, quand il survient."""

    code: str
    statut: int
    titre: str
    quand: str

    @property
    def uri(self) -> str:
        """L'identifiant du genre (membre `type` de la RFC 9457)."""
        return f"urn:verifop:probleme:{self.code}"


JSON_ILLISIBLE: Final = Genre("json-illisible", 400, "Corps JSON illisible", "Le corps n'est pas un document JSON.")
REQUETE_REFUSEE: Final = Genre("requete-refusee", 400, "Requête refusée", "La requête ne peut pas être traitée.")
ADRESSE_INCONNUE: Final = Genre("adresse-inconnue", 404, "Adresse inconnue", "Aucune ressource à cette adresse.")
IDENTIFIANT_INCONNU: Final = Genre(
    "identifiant-inconnu", 404, "Identifiant inconnu", "Le paquet ne contient rien sous cet identifiant."
)
METHODE_REFUSEE: Final = Genre("methode-refusee", 405, "Méthode refusée", "L'adresse existe, pas cette méthode.")
CORPS_TROP_GRAND: Final = Genre("corps-trop-grand", 413, "Corps trop grand", "Le corps dépasse 2 Mio.")
TYPE_DE_CONTENU: Final = Genre(
    "type-de-contenu", 415, "Type de contenu refusé", "Le corps n'est pas annoncé comme du JSON non compressé."
)
FOP_INVALIDE: Final = Genre(
    "fop-invalide", 422, "Fiche opération invalide", "La fiche se lit mais porte des fautes, toutes énumérées."
)
PARAMETRE_INVALIDE: Final = Genre(
    "parametre-invalide", 422, "Paramètre d'adresse invalide", "Un paramètre d'adresse est inconnu, répété ou fautif."
)
ERREUR_INTERNE: Final = Genre("erreur-interne", 500, "Erreur interne", "Une panne, sans lien avec la requête.")
PAS_PRET: Final = Genre("pas-pret", 503, "Service pas prêt", "Aucun paquet de règles n'est en service.")


@dataclass(frozen=True, slots=True)
class Faute:
    """Une faute dans la requête : où, ce qui était attendu, ce qui a été lu, la correction à faire."""

    pointeur: Annotated[
        str,
        Field(description="Pointeur JSON dans le corps (RFC 6901, positions depuis 0).", examples=["/lots/1/cpv"]),
    ]
    chemin: Annotated[
        str, Field(description="Le même endroit, pour un lecteur : positions depuis 1.", examples=["lots[2].cpv"])
    ]
    code: Annotated[str, Field(description="Code stable de la faute.", examples=["type_attendu"])]
    attendu: Annotated[str, Field(description="Ce qui était attendu.", examples=["texte"])]
    lu: Annotated[str, Field(description="Le type de ce qui a été lu, jamais sa valeur.", examples=["entier"])]
    correction: Annotated[str, Field(description="Ce qu'il faut faire.", examples=["mettre des guillemets"])]


@dataclass(frozen=True, slots=True)
class Probleme:
    """Un refus, au format de la RFC 9457."""

    type: Annotated[str, Field(description="Identifiant stable du genre de refus.", examples=[FOP_INVALIDE.uri])]
    title: Annotated[str, Field(description="Titre du genre de refus.", examples=[FOP_INVALIDE.titre])]
    status: Annotated[int, Field(description="Statut HTTP.", ge=400, le=599, examples=[422])]
    detail: Annotated[str, Field(description="Ce qui ne va pas dans cette requête-ci.")]
    requete: Annotated[str | None, Field(description="Identifiant de la requête, le même que l'entête X-Request-Id.")]
    erreurs: Annotated[list[Faute], Field(description="Les fautes, une à une ; vide quand il n'y a rien à situer.")]


class Refus(Exception):
    """À lever dans une route pour refuser la requête."""

    def __init__(
        self,
        genre: Genre,
        detail: str,
        anomalies: Sequence[Anomalie] = (),
        entetes: Mapping[str, str] | None = None,
    ) -> None:
        """`detail` est une phrase en français, sans aucune valeur reçue."""
        super().__init__(genre.code)
        self.genre = genre
        self.detail = detail
        self.anomalies = tuple(anomalies)
        self.entetes = entetes


def composer_probleme(
    genre: Genre, detail: str, requete: str | None = None, anomalies: Sequence[Anomalie] = (), statut: int | None = None
) -> Probleme:
    """Rend le problème ; `statut` remplace celui du genre (refus venus du cadre HTTP)."""
    fautes = [Faute(a.pointeur, a.chemin, a.code, a.attendu, a.lu, a.correction) for a in anomalies]
    return Probleme(genre.uri, genre.titre, statut or genre.statut, detail, requete, fautes)


def refuser_fop(invalide: FopInvalide) -> Refus:
    """Rend le refus d'une fiche : 400 si le JSON est illisible, 422 sinon."""
    anomalies = invalide.anomalies
    genre = JSON_ILLISIBLE if anomalies[0].code == "json_illisible" else FOP_INVALIDE
    return Refus(genre, _resumer(anomalies), anomalies)


def _resumer(anomalies: Sequence[Anomalie]) -> str:
    if len(anomalies) == 1:
        return f"{_mettre_majuscule(str(anomalies[0]))}."
    return f"{len(anomalies)} fautes à corriger ; la première : {anomalies[0]}."


def _mettre_majuscule(phrase: str) -> str:
    # Une faute située commence par un chemin (« lots[2].cpv ») : le laisser tel quel.
    return phrase if " — " in phrase else phrase[:1].upper() + phrase[1:]


def refuser_identifiant(lu: str, connus: Sequence[str], quoi: str) -> Refus:
    """Rend le 404 d'un identifiant inconnu, avec le plus proche de ceux qui existent."""
    proche = trouver_proche(lu, connus)
    conseil = f" Le plus proche : « {proche} »." if proche is not None else ""
    return Refus(IDENTIFIANT_INCONNU, f"{quoi} ne porte cet identifiant.{conseil}")


def lire_requete(requete: Request) -> str | None:
    """Rend l'identifiant donné à la requête par `Enveloppe`."""
    identifiant = requete.scope.get("state", {}).get("requete")
    return str(identifiant) if identifiant is not None else None


def repondre_probleme(probleme: Probleme, entetes: Mapping[str, str] | None = None) -> Response:
    """Rend la réponse HTTP d'un problème."""
    return Response(ecrire(probleme), probleme.status, dict(entetes or {}), TYPE_PROBLEME)


def installer(application: FastAPI) -> None:
    """Fait répondre l'application en `application/problem+json` à tout ce qu'elle refuse."""

    async def repondre_refus(requete: Request, refus: Any) -> Response:
        probleme = composer_probleme(refus.genre, refus.detail, lire_requete(requete), refus.anomalies)
        return repondre_probleme(probleme, refus.entetes)

    async def repondre_parametres(requete: Request, invalide: Any) -> Response:
        return await repondre_refus(requete, refuser_parametres(_traduire_parametres(invalide)))

    async def repondre_cadre(requete: Request, erreur: Any) -> Response:
        refus = _traduire_cadre(requete, erreur)
        probleme = composer_probleme(refus.genre, refus.detail, lire_requete(requete), statut=erreur.status_code)
        return repondre_probleme(probleme, erreur.headers)

    async def repondre_paquet_absent(requete: Request, _: Any) -> Response:
        return await repondre_refus(
            requete, Refus(PAS_PRET, "Aucun paquet de règles n'est en service : réessayer plus tard.")
        )

    application.add_exception_handler(Refus, repondre_refus)
    application.add_exception_handler(RequestValidationError, repondre_parametres)
    application.add_exception_handler(HTTPException, repondre_cadre)
    application.add_exception_handler(PaquetAbsent, repondre_paquet_absent)


def refuser_parametres(anomalies: Sequence[Anomalie]) -> Refus:
    """Rend le 422 de paramètres d'adresse fautifs."""
    return Refus(PARAMETRE_INVALIDE, _resumer(anomalies), anomalies)


def _traduire_parametres(invalide: RequestValidationError) -> list[Anomalie]:
    # Le premier membre du chemin dit seulement « dans l'adresse ».
    erreurs: list[Any] = [{**erreur, "loc": tuple(erreur["loc"])[1:]} for erreur in invalide.errors()]
    return [
        Anomalie(a.code, a.chemin, "", a.attendu, a.lu, a.correction) for a in traduire(erreurs, montrer_valeur=False)
    ]


def _traduire_cadre(requete: Request, erreur: HTTPException) -> Refus:
    """Dit en français un refus venu du cadre HTTP (adresse ou méthode inconnue)."""
    if erreur.status_code == 404:
        proche = trouver_proche(requete.url.path, lister_adresses(requete.app))
        conseil = f" La plus proche : {proche}." if proche is not None else ""
        return Refus(ADRESSE_INCONNUE, f"Aucune ressource à cette adresse.{conseil}")
    if erreur.status_code == 405:
        admises = (erreur.headers or {}).get("Allow", "")
        return Refus(METHODE_REFUSEE, f"Cette adresse n'admet que {admises}." if admises else "Méthode non admise ici.")
    return Refus(REQUETE_REFUSEE, "La requête ne peut pas être traitée.")


def lister_adresses(application: FastAPI) -> list[str]:
    """Rend les adresses publiques, celles que décrit l'OpenAPI."""
    return list(application.openapi()["paths"])


def decrire_refus(*genres: Genre) -> dict[int | str, dict[str, Any]]:
    """Rend, pour l'OpenAPI d'une route, la description de ses refus et de tout autre (`default`)."""
    par_statut: dict[int, list[Genre]] = {}
    for genre in genres:
        par_statut.setdefault(genre.statut, []).append(genre)
    reponses: dict[int | str, dict[str, Any]] = {
        statut: _decrire(" ".join(genre.quand for genre in groupe), groupe) for statut, groupe in par_statut.items()
    }
    reponses["default"] = _decrire("Tout autre refus, au même format (RFC 9457).", [ERREUR_INTERNE])
    return reponses


def _decrire(description: str, genres: Sequence[Genre]) -> dict[str, Any]:
    exemples = {
        genre.code: {
            "summary": genre.titre,
            "value": {
                "type": genre.uri,
                "title": genre.titre,
                "status": genre.statut,
                "detail": _DETAILS.get(genre, genre.quand),
                "requete": "4f0c3d2a9b7e4c118a5d6e7f8091a2b3",
                "erreurs": [_FAUTES[genre]] if genre in _FAUTES else [],
            },
        }
        for genre in genres
    }
    return {
        "description": description,
        "content": {TYPE_PROBLEME: {"schema": {"$ref": ADRESSE_DU_SCHEMA}, "examples": exemples}},
    }


_DETAILS: Final[Mapping[Genre, str]] = {
    JSON_ILLISIBLE: "Document JSON attendu, faute de syntaxe ligne 3, colonne 14 lue : corriger la syntaxe.",
    IDENTIFIANT_INCONNU: "Aucune règle ne porte cet identifiant. Le plus proche : « CCP-ENV-CRITERE ».",
    FOP_INVALIDE: "lots[2].cpv — texte attendu, entier lu : mettre des guillemets.",
    PARAMETRE_INVALIDE: "detail — valeur parmi essentiel, complet attendue, texte lu : écrire « complet ».",
}
_FAUTES: Final[Mapping[Genre, dict[str, str]]] = {
    JSON_ILLISIBLE: {
        "pointeur": "",
        "chemin": "",
        "code": "json_illisible",
        "attendu": "document JSON",
        "lu": "faute de syntaxe ligne 3, colonne 14",
        "correction": "corriger la syntaxe",
    },
    FOP_INVALIDE: {
        "pointeur": "/lots/1/cpv",
        "chemin": "lots[2].cpv",
        "code": "type_attendu",
        "attendu": "texte",
        "lu": "entier",
        "correction": "mettre des guillemets",
    },
    PARAMETRE_INVALIDE: {
        "pointeur": "",
        "chemin": "detail",
        "code": "valeur_hors_liste",
        "attendu": "valeur parmi essentiel, complet",
        "lu": "texte",
        "correction": "écrire « complet »",
    },
}
