"""Le catalogue des données de la FOP, déduit du modèle : ce qu'une règle peut lire, et comment le demander.

Les chemins sont aplatis : `acheteur.siret`, `lots[].cpv`, `questionnaire.insertion_etudiee.reponse`.
`extensions` n'y figure pas : aucune règle ne peut la lire.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema
from pydantic_core.core_schema import ComputedField, DataclassField, DecimalSchema, ModelField, TypedDictField

from services.regles.fop import Echelle, Fop, Forme, Reponse, annoter, deplier, trouver_marque

Genre = Literal["booleen", "nombre", "date", "enumere", "texte", "cpv", "liste", "objet"]

CHAMP_LIBRE: Final = "extensions"
IDENTIFIANT_DU_SCHEMA: Final = "urn:verifop:schema:fop:1"


@dataclass(frozen=True, slots=True)
class Champ:
    """Une donnée de la FOP : son genre, ce qu'elle dit, la question à poser pour l'obtenir.

    `valeurs` : les valeurs admises d'un énuméré, ou des éléments d'une liste d'énumérés ; sinon vide.
    `decimales` : pour un nombre, son échelle exacte (2 montants et quantités, 6 parts, 4 poids, 3 durées,
    0 entiers).
    `biodiversite`, qui admet un booléen ou un texte, est de genre « texte ».
    """

    chemin: str
    genre: Genre
    description: str
    question: str | None
    unite: str | None
    valeurs: tuple[str, ...]
    decimales: int | None
    exemple: object


def _decrire(modele: type[BaseModel], prefixe: str) -> Iterator[Champ]:
    for nom, annotation in annoter(modele).items():
        chemin = prefixe + nom
        if chemin == CHAMP_LIBRE:
            continue
        base, marques = deplier(annotation)
        genre = _nommer_genre(base, marques)
        contenu = deplier(get_args(base)[0])[0] if genre == "liste" else base
        echelle = trouver_marque(marques, Echelle)
        yield _composer(
            chemin,
            genre,
            modele.model_fields[nom],
            valeurs=get_args(contenu) if get_origin(contenu) is Literal else (),
            decimales=echelle.decimales if echelle is not None else None,
        )
        if contenu is Reponse:
            yield from _decrire_reponse(chemin, modele.model_fields[nom])
        elif isinstance(contenu, type) and issubclass(contenu, BaseModel):
            yield from _decrire(contenu, f"{chemin}[]." if genre == "liste" else f"{chemin}.")


def _decrire_reponse(chemin: str, question_posee: FieldInfo) -> Iterator[Champ]:
    """La réponse et son motif se demandent avec les mots de la question posée, pas du modèle commun."""
    posee = _composer(chemin, "objet", question_posee, valeurs=(), decimales=None)
    for champ in _decrire(Reponse, f"{chemin}."):
        if champ.genre == "booleen":
            yield replace(champ, description=posee.description, question=posee.question)
        else:
            yield replace(champ, question=f"{posee.question} {champ.question}")


def _composer(chemin: str, genre: Genre, champ: FieldInfo, *, valeurs: tuple[str, ...], decimales: int | None) -> Champ:
    supplement = champ.json_schema_extra if isinstance(champ.json_schema_extra, dict) else {}
    question, unite = supplement.get("question"), supplement.get("unite")
    return Champ(
        chemin=chemin,
        genre=genre,
        description=champ.description or "",
        question=str(question) if question is not None else None,
        unite=str(unite) if unite is not None else None,
        valeurs=valeurs,
        decimales=decimales,
        exemple=(champ.examples or [None])[0],
    )


_GENRES: Final[Mapping[Any, Genre]] = {
    bool: "booleen",
    Decimal: "nombre",
    int: "nombre",
    date: "date",
    str: "texte",
    (bool, str): "texte",
}


def _nommer_genre(base: Any, marques: tuple[Any, ...]) -> Genre:
    forme = trouver_marque(marques, Forme)
    if forme is not None and forme.nom == "cpv":
        return "cpv"
    if get_origin(base) is Literal:
        return "enumere"
    if get_origin(base) is tuple:
        return "liste"
    if isinstance(base, type) and issubclass(base, BaseModel):
        return "objet"
    return _GENRES[base]


CHAMPS: Final[Mapping[str, Champ]] = MappingProxyType({champ.chemin: champ for champ in _decrire(Fop, "")})
"""Toutes les données de la FOP par chemin aplati, dans l'ordre du modèle."""


class _Generateur(GenerateJsonSchema):
    """Sans les titres que Pydantic tire du nom de chaque champ ; un nombre en texte y garde sa forme."""

    def decimal_schema(self, schema: DecimalSchema) -> JsonSchemaValue:
        rendu = super().decimal_schema(schema)
        forme = rf"^[0-9]+(\.[0-9]{{1,{schema.get('decimal_places')}}}0*)?$"
        return {"anyOf": [{**v, "pattern": forme} if v["type"] == "string" else v for v in rendu["anyOf"]]}

    def field_title_should_be_set(
        self, schema: CoreSchema | ModelField | DataclassField | TypedDictField | ComputedField
    ) -> bool:
        return False


def schema_fop() -> JsonSchemaValue:
    """Rend le JSON Schema (2020-12) de la forme canonique de la FOP.

    `lire_fop` est plus tolérante que ce schéma : libellés DECP, « oui » et « non », absents écrits « néant »…
    """
    schema = Fop.model_json_schema(schema_generator=_Generateur)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": IDENTIFIANT_DU_SCHEMA,
        **schema,
        "title": "Fiche opération (FOP)",
    }
