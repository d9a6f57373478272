"""Ce qui peut être faux dans une entrée, dit en français : où, ce qui était attendu, la correction à faire.

Deux entrées passent ici : les fiches opération (FOP), dont aucune valeur n'est jamais répétée (données
personnelles), et les fichiers YAML du paquet de règles, dont la valeur lue aide à corriger.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Final

from pydantic_core import ErrorDetails, PydanticCustomError

type_de_cle = int | str

LONGUEUR_MAX_CLE_ECRITE: Final = 64
LONGUEUR_MAX_VALEUR_ECRITE: Final = 40
BITS_MAX_ECRITS: Final = 128
"""Python refuse d'écrire un entier de plus de 4 300 chiffres, et un entier si long n'aide personne."""
LONGUEUR_MAX_RAPPROCHEE: Final = 80
"""Au-delà, chercher la valeur la plus proche coûte plus qu'il n'aide."""


CODE_PHRASE: Final = "valeur_invalide"
CODE_RESTE: Final = "anomalies_tues"
CODES_A_PHRASE: Final = frozenset({CODE_PHRASE, CODE_RESTE})
"""Les codes d'une anomalie dont `attendu` est une phrase, et non un groupe nominal."""

_FEMININS: Final = frozenset({"une", "aucune", "clé", "date", "donnée", "faute", "liste", "valeur"})


def _accorder(groupe: str, participe: str) -> str:
    premier = groupe.partition(" ")[0]
    if premier in _FEMININS:
        return f"{groupe} {participe}e"
    if groupe.startswith(("au plus ", "au moins ")) or premier[:1].isdigit():
        return f"{groupe} {participe}s"
    return f"{groupe} {participe}"


@dataclass(frozen=True, slots=True)
class Anomalie:
    """Une faute dans une entrée : où, ce qui était attendu, ce qui a été lu, la correction.

    `code` est stable. `chemin` compte les positions depuis 1 (« lots[2].cpv ») ; `pointeur` est le pointeur
    JSON (RFC 6901, positions depuis 0 : « /lots/1/cpv »). `attendu` et `lu` sont des groupes nominaux sans
    article (« texte », « liste de 3 éléments »), sauf sous un code de `CODES_A_PHRASE`, où `attendu` est une
    phrase. Pour une FOP, `lu` nomme un type, jamais une valeur. `correction` est à l'infinitif.
    """

    code: str
    chemin: str
    pointeur: str
    attendu: str
    lu: str
    correction: str
    fichier: str | None = None
    ligne: int | None = None

    def __str__(self) -> str:
        lieu = self.chemin
        if self.fichier is not None:
            adresse = self.fichier if self.ligne is None else f"{self.fichier}:{self.ligne}"
            lieu = f"{adresse} {self.chemin}".rstrip()
        constat = f"{_accorder(self.attendu, 'attendu')}, {_accorder(self.lu, 'lu')} : {self.correction}"
        if self.code in CODES_A_PHRASE:
            constat = f"{self.attendu} : {self.correction}"
        return f"{lieu} — {constat}" if lieu else constat


class ErreurVerifop(Exception):
    """Base de toutes les erreurs de VériFOP."""


class EntreesInvalides(ErreurVerifop):
    """Une entrée est refusée ; `anomalies` dit toutes les fautes trouvées et n'est jamais vide."""

    anomalies: tuple[Anomalie, ...]

    def __init__(self, anomalies: Sequence[Anomalie]) -> None:
        if not anomalies:
            raise ValueError("une entrée invalide porte au moins une anomalie")
        self.anomalies = tuple(anomalies)
        super().__init__(self.anomalies)

    def __str__(self) -> str:
        return "\n".join(str(anomalie) for anomalie in self.anomalies)


class FopInvalide(EntreesInvalides):
    """La fiche opération reçue ne peut pas être lue."""


class PaquetInvalide(EntreesInvalides):
    """Le paquet de règles (fiches, paramètres, référentiels, clauses) ne peut pas être chargé."""


def signaler(code: str, attendu: str, correction: str) -> PydanticCustomError:
    """Rend l'erreur à lever dans un validateur Pydantic pour choisir le code et les deux phrases.

    `attendu` est un groupe nominal sans article ; ni lui ni `correction` ne contiennent la valeur reçue.
    """
    gabarit = "{attendu} : {correction}"
    return PydanticCustomError(code, gabarit, {"attendu": attendu, "correction": correction})


def etiqueter(texte: str) -> str:
    """Ramène un libellé à une étiquette : minuscules ASCII, chiffres et `_` (« Maîtrise d'œuvre » →
    « maitrise_d_oeuvre »)."""
    plat = texte.casefold().replace("œ", "oe").replace("æ", "ae")
    decompose = unicodedata.normalize("NFKD", plat)
    return _SEPARATEURS.sub("_", "".join(c for c in decompose if not unicodedata.combining(c))).strip("_")


_SEPARATEURS = re.compile(r"[^a-z0-9]+")


def ecrire_chemin(parties: Sequence[type_de_cle]) -> str:
    """Écrit un chemin lisible, positions depuis 1 : `("lots", 1, "cpv")` → « lots[2].cpv »."""
    morceaux: list[str] = []
    for partie in parties:
        if isinstance(partie, int):
            morceaux.append(f"[{partie + 1}]")
        else:
            morceaux.append(f".{_ecrire_cle(partie)}" if morceaux else _ecrire_cle(partie))
    return "".join(morceaux)


def ecrire_pointeur(parties: Sequence[type_de_cle]) -> str:
    """Écrit le pointeur JSON (RFC 6901), positions depuis 0 : `("lots", 1, "cpv")` → « /lots/1/cpv »."""
    return "".join(
        "/" + (str(p) if isinstance(p, int) else _ecrire_cle(p).replace("~", "~0").replace("/", "~1")) for p in parties
    )


def _ecrire_cle(cle: str) -> str:
    # Une clé vient de l'appelant : ni longue, ni invisible, ni impossible à encoder dans la réponse.
    courte = cle if len(cle) <= LONGUEUR_MAX_CLE_ECRITE else cle[: LONGUEUR_MAX_CLE_ECRITE - 1] + "…"
    if courte.isprintable():
        return courte
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in courte)


def nommer_lu(valeur: object, *, montrer_valeur: bool) -> str:
    """Nomme ce qui a été lu : le type seul, ou le type et la valeur abrégée."""
    nom = _nommer_type(valeur)
    if not montrer_valeur or not isinstance(valeur, (bool, int, float, Decimal, str, date)):
        return nom
    if isinstance(valeur, bool):
        return f"{nom} {'oui' if valeur else 'non'}"
    if isinstance(valeur, int) and valeur.bit_length() > BITS_MAX_ECRITS:
        return nom
    ecrite = _ecrire_cle(str(valeur)[: LONGUEUR_MAX_VALEUR_ECRITE + 1])
    if len(ecrite) > LONGUEUR_MAX_VALEUR_ECRITE:
        ecrite = ecrite[: LONGUEUR_MAX_VALEUR_ECRITE - 1] + "…"
    return f"{nom} « {ecrite} »" if isinstance(valeur, str) else f"{nom} {ecrite}"


def _nommer_type(valeur: object) -> str:
    match valeur:
        case None:
            return "rien"
        case bool():
            return "booléen"
        case int():
            return "entier"
        case float() | Decimal():
            return "nombre décimal"
        case str():
            return "texte"
        case list() | tuple() | set() | frozenset():
            return f"liste de {ecrire_nombre(len(valeur))} élément{'s' if len(valeur) > 1 else ''}"
        case dict():
            return "objet"
        case datetime():
            return "date et heure"
        case date():
            return "date"
        case _:
            return "valeur d'un autre type"


def ecrire_nombre(nombre: float | Decimal) -> str:
    """Écrit un nombre court à la française : « 10 000 », « 0,5 »."""
    return f"{nombre:,}".replace(",", " ").replace(".", ",")


def ajouter_reste(anomalies: Sequence[Anomalie], *, limite: int, total: int) -> tuple[Anomalie, ...]:
    """Garde au plus `limite` anomalies ; s'il y en avait davantage, la dernière dit combien sont tues."""
    if total <= limite:
        return tuple(anomalies)
    gardees = tuple(anomalies[: limite - 1])
    autres = total - len(gardees)
    pluriel = "s" if autres > 1 else ""
    reste = Anomalie(
        code=CODE_RESTE,
        chemin="",
        pointeur="",
        attendu=f"{ecrire_nombre(autres)} autre{pluriel} anomalie{pluriel} à suivre",
        lu="",
        correction="corriger celles qui précèdent puis renvoyer",
    )
    return (*gardees, reste)


# --- Traduire les erreurs de Pydantic -----------------------------------------------------------------------

_OBJET: Final = ("type_attendu", "objet", "écrire un objet (clés et valeurs)")
_LISTE: Final = ("type_attendu", "liste", "écrire une liste, même d'un seul élément")
_NOMBRE: Final = ("type_attendu", "nombre", "écrire le nombre sans espace, avec un point pour les décimales")
_ENTIER: Final = ("type_attendu", "nombre entier", "écrire un nombre entier, sans espace ni décimale")
_BOOLEEN: Final = ("type_attendu", "booléen", "écrire true, false, oui ou non")
_DATE: Final = ("format", "date du calendrier, au format AAAA-MM-JJ,", "écrire la date comme 2026-09-15")
_TEXTE_LISIBLE: Final = ("texte_interdit", "texte Unicode", "retirer les caractères illisibles")

_SIMPLES: Final[Mapping[str, tuple[str, str, str]]] = {
    **dict.fromkeys(
        (
            "model_type",
            "model_attributes_type",
            "dataclass_type",
            "dataclass_exact_type",
            "dict_type",
            "mapping_type",
            "json_type",
        ),
        _OBJET,
    ),
    **dict.fromkeys(
        ("list_type", "tuple_type", "set_type", "frozen_set_type", "iterable_type", "arguments_type"), _LISTE
    ),
    **dict.fromkeys(("decimal_type", "decimal_parsing", "float_type", "float_parsing"), _NOMBRE),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), _ENTIER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _BOOLEEN),
    **dict.fromkeys(
        (
            "date_type",
            "date_parsing",
            "date_from_datetime_parsing",
            "date_from_datetime_inexact",
            "datetime_type",
            "datetime_parsing",
            "datetime_object_invalid",
            "datetime_from_date_parsing",
        ),
        _DATE,
    ),
    "string_unicode": _TEXTE_LISIBLE,
    "finite_number": ("hors_bornes", "nombre fini", "écrire un nombre, ni NaN ni infini"),
    "none_required": ("type_attendu", "aucune valeur", "retirer cette valeur"),
    "invalid_key": ("type_attendu", "nom de clé en texte", "mettre des guillemets au nom de la clé"),
    "recursion_loop": ("trop_profond", "objet sans boucle", "retirer la référence à soi-même"),
}

_INSTANCES: Final[Mapping[str, tuple[str, str, str]]] = {"Decimal": _NOMBRE, "date": _DATE}

_MESSAGE_INCONNU: Final = ("valeur_invalide", "valeur d'une autre forme", "corriger cette valeur")

_BORNES: Final[Mapping[str, tuple[str, str]]] = {
    "greater_than": ("gt", "valeur strictement supérieure à {}"),
    "greater_than_equal": ("ge", "valeur d'au moins {}"),
    "less_than": ("lt", "valeur strictement inférieure à {}"),
    "less_than_equal": ("le", "valeur d'au plus {}"),
    "multiple_of": ("multiple_of", "multiple de {}"),
}


def traduire(
    erreurs_pydantic: Sequence[ErrorDetails],
    *,
    montrer_valeur: bool,
    cles_permises: Callable[[tuple[type_de_cle, ...]], Collection[str]] | None = None,
    entree: object = ...,
) -> list[Anomalie]:
    """Dit en français chaque erreur de Pydantic, sans jamais rendre le message anglais.

    `montrer_valeur` : faux pour une FOP (le type lu seul), vrai pour un fichier du paquet. `cles_permises`
    reçoit le chemin de l'objet fautif et rend ses clés, pour proposer la plus proche d'une clé inconnue.
    `entree` : la valeur validée ; donnée, elle permet de retirer du chemin, à coup sûr, les étiquettes
    d'union de Pydantic. Plusieurs refus d'une union au même endroit ne font qu'une anomalie.
    """
    anomalies: dict[tuple[str, str], Anomalie] = {}
    for erreur in erreurs_pydantic:
        parties = _retirer_etiquettes(erreur, entree)
        anomalie = _traduire_une(erreur, parties, montrer_valeur, cles_permises)
        a_fondre = anomalie.code in _CODES_FUSIONNABLES and len(parties) < len(erreur["loc"])
        cle = (anomalie.pointeur, "" if a_fondre else anomalie.code + anomalie.attendu)
        deja = anomalies.get(cle)
        anomalies[cle] = anomalie if deja is None else _fondre(deja, anomalie)
    return list(anomalies.values())


_CODES_FUSIONNABLES: Final = frozenset({"type_attendu", "format", "valeur_hors_liste"})


def _fondre(premiere: Anomalie, seconde: Anomalie) -> Anomalie:
    if seconde.attendu in premiere.attendu:
        return premiere
    return replace(premiere, attendu=f"{premiere.attendu} ou {seconde.attendu}")


def _traduire_une(
    erreur: ErrorDetails,
    parties: tuple[type_de_cle, ...],
    montrer_valeur: bool,
    cles_permises: Callable[[tuple[type_de_cle, ...]], Collection[str]] | None,
) -> Anomalie:
    genre, valeur = erreur["type"], erreur["input"]
    contexte: Mapping[str, object] = erreur.get("ctx", {})
    lu = nommer_lu(valeur, montrer_valeur=montrer_valeur)
    if genre == "missing":
        code, attendu, correction = _dire_manque(parties)
        lu = "rien"
    elif genre in ("extra_forbidden", "unexpected_keyword_argument", "no_such_attribute"):
        code, attendu, correction = _dire_cle_inconnue(parties, cles_permises)
        lu = "clé inconnue"
    elif "attendu" in contexte and "correction" in contexte:
        code, attendu, correction = genre, str(contexte["attendu"]), str(contexte["correction"])
    elif genre in ("literal_error", "enum"):
        code, attendu, correction = _dire_hors_liste(str(contexte.get("expected", "")), valeur)
    elif genre in ("union_tag_invalid", "union_tag_not_found"):
        code, attendu, correction = _dire_etiquette(contexte, valeur)
    elif genre in ("value_error", "assertion_error"):
        code, attendu, correction = _dire_phrase(str(contexte.get("error", "")))
    elif genre in _BORNES:
        cle, phrase = _BORNES[genre]
        attendu = phrase.format(_ecrire_borne(contexte.get(cle)))
        code, correction = "hors_bornes", "écrire une valeur dans ces bornes"
    elif genre in ("too_long", "too_short", "string_too_long", "string_too_short", "bytes_too_long"):
        code, attendu, correction = _dire_taille(genre, contexte)
        if isinstance(valeur, str):
            lu = f"texte de {ecrire_nombre(len(valeur))} caractères"
    elif genre.startswith("decimal_"):
        code, attendu, correction = _dire_decimal(genre, contexte)
    elif genre == "string_type":
        nu = isinstance(valeur, (bool, int, float, Decimal, date))
        code, attendu = "type_attendu", "texte"
        correction = "mettre des guillemets" if nu else "écrire un texte"
    elif genre == "string_pattern_mismatch":
        code, attendu = "format", f"texte de la forme {contexte.get('pattern', '')}"
        correction = "corriger la forme du texte"
    elif genre == "is_instance_of":
        code, attendu, correction = _INSTANCES.get(str(contexte.get("class", "")), _MESSAGE_INCONNU)
    else:
        code, attendu, correction = _SIMPLES.get(genre, _MESSAGE_INCONNU)
    return Anomalie(code, ecrire_chemin(parties), ecrire_pointeur(parties), attendu, lu, correction)


def _dire_manque(parties: tuple[type_de_cle, ...]) -> tuple[str, str, str]:
    nom = _ecrire_cle(str(parties[-1])) if parties else "la valeur"
    return "obligatoire", "donnée obligatoire", f"renseigner « {nom} »"


def _dire_cle_inconnue(
    parties: tuple[type_de_cle, ...],
    cles_permises: Callable[[tuple[type_de_cle, ...]], Collection[str]] | None,
) -> tuple[str, str, str]:
    permises = tuple(cles_permises(parties[:-1])) if cles_permises is not None else ()
    proche = trouver_proche(str(parties[-1]), permises) if parties else None
    correction = f"écrire « {proche} »" if proche is not None else "retirer cette clé"
    return "cle_inconnue", "clé connue", correction


def _dire_hors_liste(permises_anglaises: str, valeur: object) -> tuple[str, str, str]:
    permises = _ENTRE_APOSTROPHES.findall(permises_anglaises) or _ENTRE_VALEURS.split(permises_anglaises)
    liste = ", ".join(permises)
    proche = trouver_proche(valeur, permises) if isinstance(valeur, str) else None
    correction = f"écrire « {proche} »" if proche is not None else "choisir une valeur de la liste"
    attendu = f"valeur parmi {liste}" if len(permises) > 1 else f"valeur {liste}"
    return "valeur_hors_liste", attendu, correction


_ENTRE_APOSTROPHES = re.compile(r"'([^']*)'")
_ENTRE_VALEURS = re.compile(r", | or ")


def _dire_etiquette(contexte: Mapping[str, object], valeur: object) -> tuple[str, str, str]:
    champ = str(contexte.get("discriminator", "")).strip("'").removesuffix("()")
    if "expected_tags" not in contexte:
        return "obligatoire", "objet d'une forme connue", "compléter ou corriger les clés de l'objet"
    lue = valeur.get(champ) if isinstance(valeur, dict) else None
    code, attendu, correction = _dire_hors_liste(str(contexte["expected_tags"]), lue)
    return code, attendu, correction


def _dire_phrase(phrase: str) -> tuple[str, str, str]:
    # Nos contrôles écrivent « constat ; correction » ou « constat : correction ».
    for separateur in (" ; ", " : "):
        constat, trouve, correction = phrase.rpartition(separateur)
        if trouve:
            return CODE_PHRASE, constat, correction
    return CODE_PHRASE, phrase or "valeur d'une autre forme attendue", "corriger cette valeur"


def _dire_taille(genre: str, contexte: Mapping[str, object]) -> tuple[str, str, str]:
    unite = "caractères" if genre.startswith("string") else "éléments"
    if genre.endswith("too_long"):
        borne = _ecrire_borne(contexte.get("max_length"))
        return "trop_long", f"au plus {borne} {unite}", "raccourcir"
    borne = _ecrire_borne(contexte.get("min_length"))
    return "trop_court", f"au moins {borne} {unite}", "compléter"


def _dire_decimal(genre: str, contexte: Mapping[str, object]) -> tuple[str, str, str]:
    if genre == "decimal_max_places":
        borne = _ecrire_borne(contexte.get("decimal_places"))
        return "hors_bornes", f"au plus {borne} décimales", "arrondir le nombre"
    if genre in ("decimal_max_digits", "decimal_whole_digits"):
        borne = _ecrire_borne(contexte.get("max_digits", contexte.get("whole_digits")))
        return "hors_bornes", f"au plus {borne} chiffres", "écrire un nombre plus court"
    return _NOMBRE


def _ecrire_borne(borne: object) -> str:
    if isinstance(borne, (int, float, Decimal)):
        return ecrire_nombre(borne)
    return str(borne)


def trouver_proche(lu: str, permises: Collection[str]) -> str | None:
    """Rend la valeur permise la plus proche de ce qui a été lu, ou `None` si aucune ne s'en approche."""
    if len(lu) > LONGUEUR_MAX_RAPPROCHEE:
        return None
    etiquettes = {etiqueter(permise): permise for permise in permises}
    proches = get_close_matches(etiqueter(lu), etiquettes, n=1, cutoff=0.6)
    return etiquettes[proches[0]] if proches else None


# --- Étiquettes d'union -------------------------------------------------------------------------------------

_ETIQUETTE_COMPOSEE = re.compile(
    r"\[|^(function|constrained|tagged-union|is-instance|model-fields|lax-or-strict|json-or-python|literal)\b"
)
_NOM_DE_CLASSE = re.compile(r"^_?[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*$")
_NOMS_SIMPLES: Final = frozenset({"str", "int", "bool", "float", "decimal", "none", "nullable", "any"})


def _retirer_etiquettes(erreur: ErrorDetails, entree: object) -> tuple[type_de_cle, ...]:
    if entree is ...:
        return tuple(p for p in erreur["loc"] if not _semble_etiquette(p))
    # L'entrée tranche : une partie qui n'y mène nulle part est une étiquette, sauf la clé manquante.
    parties: list[type_de_cle] = []
    courant = entree
    dernier = len(erreur["loc"]) - 1
    for rang, partie in enumerate(erreur["loc"]):
        menant = _mener(courant, partie)
        if menant is not _NULLE_PART:
            courant = menant
        elif not (rang == dernier and erreur["type"] == "missing"):
            continue
        parties.append(partie)
    return tuple(parties)


_NULLE_PART: Final = object()


def _mener(courant: object, partie: type_de_cle) -> object:
    if isinstance(courant, dict):
        return courant.get(partie, _NULLE_PART)
    if isinstance(courant, (list, tuple)) and isinstance(partie, int) and partie < len(courant):
        return courant[partie]
    return _NULLE_PART


def _semble_etiquette(partie: type_de_cle) -> bool:
    if isinstance(partie, int):
        return False
    return bool(partie in _NOMS_SIMPLES or _ETIQUETTE_COMPOSEE.search(partie) or _NOM_DE_CLASSE.match(partie))
