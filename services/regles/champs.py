"""Les champs d'un modèle, lus dans ses annotations ; le catalogue des données de la FOP et son schéma publié.

Le catalogue dit ce qu'une règle peut lire, et comment le demander. Ses chemins sont aplatis : `acheteur.siret`,
`lots[].cpv`, `questionnaire.insertion_etudiee.reponse`. `extensions` n'y figure pas : aucune règle ne peut la lire.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache
from types import MappingProxyType, UnionType
from typing import Annotated, Any, Final, Literal, TypeGuard, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema
from pydantic_core.core_schema import ComputedField, DataclassField, DecimalSchema, ModelField, TypedDictField

from services.regles.fop import Echelle, Fop, Forme, Reponse

Genre = Literal["booleen", "nombre", "date", "enumere", "texte", "cpv", "liste", "objet"]

CHAMP_LIBRE: Final = "extensions"
IDENTIFIANT_DU_SCHEMA: Final = "urn:verifop:schema:fop:1"


# --- Lire un modèle -----------------------------------------------------------------------------------------


def deplier(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """Rend le type nu d'un champ, sans `None` ni `Annotated`, et les marques qu'il portait."""
    marques: tuple[Any, ...] = ()
    while True:
        if get_origin(annotation) is Annotated:
            marques = (*get_args(annotation)[1:], *marques)
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in (Union, UnionType):
            restants = [membre for membre in get_args(annotation) if membre is not type(None)]
            if len(restants) != 1:
                return tuple(deplier(membre)[0] for membre in restants), marques
            annotation = restants[0]
        else:
            return annotation, marques


@cache
def annoter(modele: type[BaseModel]) -> Mapping[str, Any]:
    """Rend l'annotation complète de chaque champ du modèle, dans son ordre."""
    annotations = get_type_hints(modele, include_extras=True)
    return {nom: annotations[nom] for nom in modele.model_fields}


def trouver_marque(marques: tuple[Any, ...], genre: type[Any]) -> Any:
    """Rend la marque de ce genre posée sur un type, ou `None`."""
    return next((marque for marque in marques if isinstance(marque, genre)), None)


def est_modele(base: Any) -> TypeGuard[type[BaseModel]]:
    """Vrai si ce type nu est un objet à champs."""
    return isinstance(base, type) and issubclass(base, BaseModel)


def lister_cles(modele: type[BaseModel], chemin: Sequence[str | int]) -> Collection[str]:
    """Rend les clés que ce modèle admet dans l'objet de ce chemin ; vide si ce n'est pas un objet connu."""
    bases: list[Any] = [modele]
    for partie in chemin:
        bases = [membre for base in bases for membre in _descendre(base, partie)]
    return tuple(dict.fromkeys(cle for base in bases if est_modele(base) for cle in base.model_fields))


def _descendre(base: Any, partie: str | int) -> tuple[Any, ...]:
    """Rend les types nus possibles de ce qui est rangé là (plusieurs pour une union)."""
    annotation = None
    if est_modele(base):
        annotation = annoter(base).get(str(partie))
    elif get_origin(base) in (list, tuple) and isinstance(partie, int):
        annotation = get_args(base)[0]
    elif get_origin(base) is dict:
        annotation = get_args(base)[1]
    contenu = deplier(annotation)[0]
    return contenu if isinstance(contenu, tuple) else (contenu,)


# --- Catalogue de la FOP ------------------------------------------------------------------------------------


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
        elif est_modele(contenu):
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
    if est_modele(base):
        return "objet"
    return _GENRES[base]


CHAMPS: Final[Mapping[str, Champ]] = MappingProxyType({champ.chemin: champ for champ in _decrire(Fop, "")})
"""Toutes les données de la FOP par chemin aplati, dans l'ordre du modèle."""


# --- Schéma publié ------------------------------------------------------------------------------------------


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
