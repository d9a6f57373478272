"""La description OpenAPI de l'API, et les schémas publiés sous `openapi/`.

`python -m services.api.openapi` réécrit les trois fichiers ; un test refuse tout écart avec le code.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from services.api import sante
from services.api.clauses import schemas as clauses
from services.api.config import RACINE, lire_reglages
from services.api.couverture import schemas as couverture
from services.api.erreurs import Probleme
from services.api.exemples import Exemple
from services.api.paquet import schemas as paquet
from services.api.regles import schemas as regles
from services.api.sortie import ENTETE_PAQUET
from services.api.verifications import schemas as verifications
from services.regles.champs import schema_fop
from services.regles.schemas import SCHEMAS

Schema = dict[str, Any]

DOSSIER: Final = RACINE / "openapi"
VERSION: Final = "1.0.0"
TITRE: Final = "VériFOP — vérifier une fiche opération"
DESCRIPTION: Final = """\
Une **fiche opération** (FOP) décrit la stratégie d'achat d'une consultation avant son lancement. VériFOP la \
vérifie et rend un rapport : règle par règle, le verdict, le texte qui le fonde, ce qu'il manque pour conclure, \
et les clauses prêtes à coller.

**La loi et l'engagement local ne sont jamais confondus.** Le rapport porte une synthèse pour la *loi* (code de \
la commande publique, loi AGEC, EGALIM), une pour l'*engagement local* (le SPASER de l'acheteur) et une pour le \
*plan national* pour des achats durables. Manquer à un engagement local n'est pas une illégalité : l'acheteur \
peut l'assumer par écrit.

**Chaque synthèse a trois réponses possibles** : `favorable`, `defavorable` (au moins un écart) ou `a_completer` \
(il manque de quoi conclure, et `a_demander` dit quoi). Une panne donne `en_erreur`, jamais autre chose. Une \
donnée absente n'est ni « non » ni « conforme ».

**La date qui décide du droit est `date_lancement`**, jamais celle du jour. `date_de_reference`, dans l'adresse, \
simule un autre lancement.

Un rapport, même défavorable, est une réponse 200. Les montants, parts et seuils de la réponse sont des nombres \
exacts écrits en texte (`"59999.99"`). Toute erreur est un `application/problem+json` (RFC 9457) en français, \
avec le chemin et la correction, sans jamais répéter une valeur reçue.

Aide à la rédaction : elle ne remplace pas la relecture d'un juriste.
"""
ETIQUETTES: Final = [
    {"name": "Vérifier", "description": "Une fiche entre, un rapport sort."},
    {"name": "Règles", "description": "Ce que demandent la loi, les engagements locaux et le plan national."},
    {"name": "Clauses", "description": "Le clausier : des textes à trous, prêts à remplir."},
    {"name": "Couverture", "description": "Les engagements des schémas, et ce qui répond à chacun."},
    {"name": "Paquet de règles", "description": "La version en service, ses seuils datés, ses référentiels."},
    {"name": "Santé", "description": "Pour la supervision."},
]
_LEXIQUES: Final[Sequence[Mapping[Any, Mapping[str, str]]]] = (
    verifications.LEXIQUE,
    regles.LEXIQUE,
    clauses.LEXIQUE,
    paquet.LEXIQUE,
)
# Posés après coup : FastAPI retire des exemples les valeurs nulles, que le schéma exige.
_EXEMPLES: Final[Mapping[str, object]] = {
    "verifier_fop": verifications.composer_exemple(),
    "verifier_lot": verifications.composer_exemple_de_lot(),
    "lister_regles": regles.EXEMPLE_LISTE,
    "lire_regle": regles.EXEMPLE_DETAIL,
    "lister_clauses": clauses.EXEMPLE_LISTE,
    "lire_clause": clauses.EXEMPLE_DETAIL,
    "lire_couverture": couverture.EXEMPLE,
    "lire_paquet": paquet.EXEMPLE_PAQUET,
    "lister_parametres": paquet.EXEMPLE_PARAMETRES,
    "lire_referentiel": paquet.EXEMPLE_REFERENTIEL,
    "dire_vivant": sante.EXEMPLE_VIVANT,
    "dire_pret": sante.EXEMPLE_PRET,
}
_ENTETES: Final[Mapping[str, Schema]] = {
    "XRequestId": {
        "description": "Identifiant de la requête : celui reçu dans X-Request-Id (64 caractères au plus), ou un neuf.",
        "schema": {"type": "string", "maxLength": 64},
    },
    "XPaquet": {
        "description": "Version et empreinte du paquet de règles qui a répondu, séparées par une espace.",
        "schema": {"type": "string"},
    },
}


def decrire(application: FastAPI, exemples: Sequence[Exemple]) -> Schema:
    """Rend le document OpenAPI 3.1 de l'application, avec ces fiches d'exemple."""
    document = get_openapi(
        title=application.title,
        version=application.version,
        description=application.description,
        routes=application.routes,
        tags=application.openapi_tags,
        license_info=application.license_info,
        contact=application.contact,
    )
    schemas: Schema = document.setdefault("components", {}).setdefault("schemas", {})
    _ajouter(schemas, TypeAdapter(Probleme).json_schema(mode="serialization", ref_template=_ADRESSE), "Probleme")
    for nom, schema in schemas.items():
        schemas[nom] = _simplifier(schema)
    _commenter(schemas)
    # Un contrôle n'écrit que l'opérateur dont il se sert.
    schemas["Controle"]["required"] = ["fait"]
    _ajouter(schemas, _renvoyer_aux_composants(schema_fop()), "Fop")
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    document["components"]["headers"] = dict(_ENTETES)
    for operation in _lister_operations(document):
        reponse = operation["responses"]["200"]["content"]["application/json"]
        reponse["example"] = _EXEMPLES[operation["operationId"]]
        for parametre in operation.get("parameters", ()):
            parametre["schema"] = _alleger_parametre(parametre["schema"])
    _ajouter_entetes(document)
    _ajouter_exemples(document, exemples)
    return document


_ADRESSE: Final = "#/components/schemas/{model}"


def _ajouter(schemas: Schema, schema: Schema, nom: str) -> None:
    """Range un schéma et ses définitions parmi les composants ; deux formes sous un même nom sont une faute du code."""
    definitions = schema.pop("$defs", {})
    for cle, valeur in {**definitions, nom: schema}.items():
        if schemas.setdefault(cle, valeur) != valeur:
            raise ValueError(f"deux schémas portent le nom {cle}")


def _renvoyer_aux_composants(schema: Schema) -> Schema:
    ecrit = json.dumps(schema).replace('"#/$defs/', '"#/components/schemas/')
    rendu: Schema = json.loads(ecrit)
    for cle in ("$schema", "$id"):
        del rendu[cle]
    return rendu


def _simplifier(schema: Any) -> Any:
    """Retire les titres que Pydantic tire des noms de champs, et écrit un tuple homogène comme une liste."""
    if isinstance(schema, list):
        return [_simplifier(element) for element in schema]
    if not isinstance(schema, dict):
        return schema
    simple: Schema = {}
    for cle, valeur in schema.items():
        if cle == "properties":
            simple[cle] = {nom: _simplifier(sous) for nom, sous in valeur.items()}
        elif cle != "title" or not isinstance(valeur, str):
            simple[cle] = _simplifier(valeur)
    membres = simple.pop("prefixItems", None)
    if membres is not None:
        if any(membre != membres[0] for membre in membres):
            raise ValueError("un tuple aux membres différents ne s'écrit pas comme une liste")
        simple["items"] = membres[0]
    return simple


def _alleger_parametre(schema: Schema) -> Schema:
    """Retire d'un paramètre d'adresse ce qui ne le concerne pas : il est absent ou présent, jamais nul."""
    formes = [forme for forme in schema.pop("anyOf", ()) if forme != {"type": "null"}]
    for cle in ("title", "description"):
        schema.pop(cle, None)
    return {**formes[0], **schema} if len(formes) == 1 else schema


def _commenter(schemas: Schema) -> None:
    for lexique in _LEXIQUES:
        for classe, phrases in lexique.items():
            champs = schemas[classe.__name__]["properties"]
            for champ, phrase in phrases.items():
                # Une description à côté d'un renvoi est permise depuis OpenAPI 3.1.
                champs[champ]["description"] = phrase


def _lister_operations(document: Schema) -> Iterator[Schema]:
    for operations in document["paths"].values():
        yield from operations.values()


def _ajouter_entetes(document: Schema) -> None:
    for operation in _lister_operations(document):
        for statut, reponse in operation["responses"].items():
            entetes = {"X-Request-Id": {"$ref": "#/components/headers/XRequestId"}}
            if statut == "200" and operation["operationId"] != "dire_vivant":
                entetes[ENTETE_PAQUET] = {"$ref": "#/components/headers/XPaquet"}
            reponse["headers"] = entetes


def _ajouter_exemples(document: Schema, exemples: Sequence[Exemple]) -> None:
    """Met les fiches d'exemple au menu des deux opérations qui en reçoivent."""
    if not exemples:
        return
    menus = {
        "/v1/verifications": {exemple.nom: {"summary": exemple.resume, "value": exemple.fop} for exemple in exemples},
        "/v1/verifications/lot": {
            "trois-fiches": {"summary": "Trois fiches", "value": [exemple.fop for exemple in exemples[:3]]}
        },
    }
    for adresse, menu in menus.items():
        document["paths"][adresse]["post"]["requestBody"]["content"]["application/json"]["examples"] = menu


def engendrer(application: FastAPI) -> dict[str, str]:
    """Rend le contenu attendu de chaque fichier publié, par nom."""
    documents = {"openapi.json": application.openapi()}
    documents |= {f"{nom}.schema.json": composer() for nom, composer in SCHEMAS.items()}
    return {nom: json.dumps(document, ensure_ascii=False, indent=2) + "\n" for nom, document in documents.items()}


def publier(dossier: Path = DOSSIER) -> list[Path]:
    """Réécrit les fichiers publiés ; rend leurs chemins."""
    # Importée ici : l'application décrit ses routes par ce module.
    from services.api.application import creer_application

    dossier.mkdir(exist_ok=True)
    chemins = []
    for nom, contenu in engendrer(creer_application(lire_reglages(os.environ))).items():
        chemin = dossier / nom
        chemin.write_text(contenu, encoding="utf-8")
        chemins.append(chemin)
    return chemins


if __name__ == "__main__":
    for chemin in publier():
        sys.stdout.write(f"{chemin}\n")
