"""Lire une FOP : du JSON reçu au modèle vérifié, et son empreinte.

La lecture se fait en deux temps. Un nettoyage, déduit du modèle et parcouru une seule fois, ramène ce qui est écrit
(texte rogné, « oui », libellé DECP, `"59999.99"`, CPV à clé…) à la forme canonique. Pydantic vérifie ensuite cette
forme, strictement. Ce que le nettoyage ne reconnaît pas, il le laisse tel quel : c'est Pydantic qui le refuse.

Un champ absent, `null`, vide, ou valant « néant », « n/a » ou « à définir » est absent. Une liste vide est
renseignée : elle dit « il n'y en a pas ».
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, InvalidOperation
from functools import cache, partial
from json.encoder import encode_basestring_ascii
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError

from services.regles.champs import annoter, deplier, est_modele, lister_cles, trouver_marque
from services.regles.erreurs import (
    Anomalie,
    FopInvalide,
    ajouter_reste,
    ecrire_chemin,
    ecrire_nombre,
    ecrire_pointeur,
    etiqueter,
    nommer_lu,
    traduire,
)
from services.regles.fop import (
    LONGUEUR_MAX_TEXTE_COURT,
    MONTANT_PLAFOND,
    PROFONDEUR_MAX,
    TAILLE_MAX_CORPS,
    Fop,
    Forme,
    FormeCourte,
    Libelles,
)

ANOMALIES_MAX: Final = 100
CHIFFRES_MAX: Final = 28
"""Chiffres significatifs au plus : au-delà, Pydantic arrondit avant de compter les décimales."""
BITS_MAX: Final = 90
"""Taille au plus d'un entier à convertir : au-delà, il est hors de toutes les bornes."""

# --- Nettoyage ----------------------------------------------------------------------------------------------

type_de_lieu = tuple[Any, str | int] | None
"""Où l'on est : (lieu du parent, clé ou rang). Une paire par valeur coûte moins qu'un chemin entier."""
Lecteur = Callable[[Any, type_de_lieu, list[Anomalie]], Any]
"""Rend la valeur sous forme canonique, `None` si elle est absente, telle quelle si elle est inconnue."""

TEXTES_ABSENTS: Final = frozenset({"", "néant", "neant", "n/a", "à définir", "a definir"})
TEXTES_LIBRES_ABSENTS: Final = frozenset(
    {"aucun", "aucune", "sans objet", "à compléter", "a completer", "à préciser", "a preciser", "non renseigné"}
)
"""Ce qui, dans un texte libre, ne dit rien de plus que l'absence (un énuméré, lui, peut valoir « aucun »)."""
_LONGUEUR_MAX_TEXTE_ABSENT: Final = max(map(len, TEXTES_ABSENTS))
_LONGUEUR_MAX_TEXTE_LIBRE_ABSENT: Final = max(map(len, TEXTES_LIBRES_ABSENTS)) + 3
_INTERDITS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_INVISIBLES: Final = "\ufeff\u200b\u2060"
_NOMBRE = re.compile(r"-?[0-9]+(\.[0-9]+)?\Z")
_ENTIER = re.compile(r"-?[0-9]{1,18}\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_CPV_AVEC_CLE = re.compile(r"[0-9]{8}-[0-9]\Z")
_CONTEXTE = Context(prec=CHIFFRES_MAX, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])
_ZERO: Final = Decimal(0)
_OUI_NON: Final[Mapping[str, bool]] = {"oui": True, "non": False}


def _derouler(lieu: type_de_lieu) -> tuple[str | int, ...]:
    parties: list[str | int] = []
    while lieu is not None:
        lieu, partie = lieu
        parties.append(partie)
    return tuple(reversed(parties))


def _relever(fautes: list[Anomalie], code: str, lieu: type_de_lieu, attendu: str, lu: str, correction: str) -> None:
    if len(fautes) <= ANOMALIES_MAX:
        parties = _derouler(lieu)
        fautes.append(Anomalie(code, ecrire_chemin(parties), ecrire_pointeur(parties), attendu, lu, correction))


def _verifier_caracteres(texte: str, lieu: type_de_lieu, fautes: list[Anomalie]) -> bool:
    if not _INTERDITS.search(texte):
        return True
    correction = "retirer les caractères de contrôle ou illisibles"
    _relever(fautes, "texte_interdit", lieu, "texte sans caractère de contrôle", "texte", correction)
    return False


def _nettoyer_texte(valeur: str, lieu: type_de_lieu, fautes: list[Anomalie]) -> str | None:
    if valeur.isascii() and valeur.isprintable():
        texte = valeur.strip()
    else:
        if not _verifier_caracteres(valeur, lieu, fautes):
            return valeur
        texte = unicodedata.normalize("NFC", valeur).strip().strip(_INVISIBLES).strip()
    if len(texte) <= _LONGUEUR_MAX_TEXTE_ABSENT and texte.casefold() in TEXTES_ABSENTS:
        return None
    return texte


def _lire_texte(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie]) -> Any:
    """Lit un texte libre ; une motivation d'un point ou d'un tiret n'en est pas une."""
    if not isinstance(valeur, str):
        return valeur
    texte = _nettoyer_texte(valeur, lieu, fautes)
    if texte is None or len(texte) > _LONGUEUR_MAX_TEXTE_LIBRE_ABSENT:
        return texte
    return None if texte.casefold().rstrip(" .") in TEXTES_LIBRES_ABSENTS or not any(map(str.isalnum, texte)) else texte


def _convertir(ecrire: Callable[[str], Any]) -> Lecteur:
    """Rend le lecteur qui nettoie un texte puis le réécrit ; ce qui n'est pas un texte reste tel quel."""

    def lire(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie]) -> Any:
        if not isinstance(valeur, str):
            return valeur
        texte = _nettoyer_texte(valeur, lieu, fautes)
        return None if texte is None else ecrire(texte)

    return lire


def _ecrire_booleen(texte: str) -> bool | str:
    return _OUI_NON.get(texte.casefold(), texte)


def _ecrire_date(texte: str) -> date | str:
    try:
        return date.fromisoformat(texte) if _DATE.match(texte) else texte
    except ValueError:
        return texte


def _ecrire_cpv(texte: str) -> str:
    return texte[:8] if _CPV_AVEC_CLE.match(texte) else texte


def _ecrire_siret(texte: str) -> str:
    return "".join(texte.split())


def _ecrire_etiquette(texte: str) -> str:
    return texte if len(texte) > LONGUEUR_MAX_TEXTE_COURT else etiqueter(texte) or texte


_lire_booleen: Final = _convertir(_ecrire_booleen)


def _lire_nombre(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie]) -> Any:
    if isinstance(valeur, str):
        texte = _nettoyer_texte(valeur, lieu, fautes)
        if texte is None or not _NOMBRE.match(texte):
            return texte
        nombre = Decimal(texte)
    elif isinstance(valeur, Decimal):
        nombre = valeur
    elif isinstance(valeur, bool):
        return valeur
    elif isinstance(valeur, int):
        # Un entier de plusieurs milliers de chiffres coûte cher à convertir, et il est hors bornes.
        plafond = MONTANT_PLAFOND if valeur > 0 else -MONTANT_PLAFOND
        nombre = Decimal(valeur) if valeur.bit_length() <= BITS_MAX else plafond
    elif isinstance(valeur, float):
        nombre = Decimal(repr(valeur))
    else:
        return valeur
    if not nombre:
        return _ZERO
    if nombre.is_finite() and _CONTEXTE.plus(nombre) != nombre:
        _relever(
            fautes, "hors_bornes", lieu, f"nombre de {CHIFFRES_MAX} chiffres au plus", "nombre", "arrondir le nombre"
        )
    return nombre


def _lire_entier(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie]) -> Any:
    if isinstance(valeur, str):
        texte = _nettoyer_texte(valeur, lieu, fautes)
        return int(texte) if texte is not None and _ENTIER.match(texte) else texte
    if isinstance(valeur, float):
        return int(valeur) if valeur.is_integer() else valeur
    if isinstance(valeur, Decimal) and valeur.is_finite() and valeur.adjusted() < CHIFFRES_MAX:
        return int(valeur) if valeur == valeur.to_integral_value() else valeur
    return valeur


def _lire_numero(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie]) -> Any:
    if isinstance(valeur, int) and not isinstance(valeur, bool) and valeur.bit_length() <= 64:
        return str(valeur)
    return _lire_texte(valeur, lieu, fautes)


_FORMES: Final[Mapping[str, Lecteur]] = {
    "numero": _lire_numero,
    "cpv": _convertir(_ecrire_cpv),
    "siret": _convertir(_ecrire_siret),
    "etiquette": _convertir(_ecrire_etiquette),
}


def _dresser_table(annotation: Any) -> dict[str, str]:
    """Rend la valeur de chaque étiquette qu'une énumération reconnaît."""
    valeurs, marques = deplier(annotation)
    libelles = trouver_marque(marques, Libelles)
    table = {etiqueter(valeur): valeur for valeur in get_args(valeurs)}
    return table if libelles is None else {**table, **libelles.valeurs}


def _preparer_enumere(annotation: Any) -> Lecteur:
    table = _dresser_table(annotation)
    exactes = {valeur: valeur for valeur in table.values()}

    def lire(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie]) -> Any:
        if isinstance(valeur, str):
            exacte = exactes.get(valeur)
            if exacte is not None:
                return exacte
            texte = _nettoyer_texte(valeur, lieu, fautes)
            if texte is None or len(texte) > LONGUEUR_MAX_TEXTE_COURT:
                return texte
            return table.get(etiqueter(texte), texte)
        # Seul `livre` a une valeur qui s'écrit comme un nombre : 1 vaut alors "1".
        if type(valeur) is int and 0 <= valeur <= 9:
            return exactes.get(str(valeur), valeur)
        return valeur

    return lire


def _preparer_liste(lire_element: Lecteur, maximum: int) -> Lecteur:
    def lire(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie]) -> Any:
        if not isinstance(valeur, (list, tuple)):
            return _lire_texte(valeur, lieu, fautes)
        if len(valeur) > maximum:
            # Pydantic validerait d'abord chaque élément : des milliers de fautes pour une seule.
            attendu, lu = f"au plus {maximum} éléments", nommer_lu(valeur, montrer_valeur=False)
            _relever(fautes, "trop_long", lieu, attendu, lu, "raccourcir la liste")
            return []
        lus = [lire_element(element, (lieu, rang), fautes) for rang, element in enumerate(valeur)]
        for rang, lu in enumerate(lus) if None in lus else ():
            if lu is None:
                correction = "retirer l'élément vide ou le renseigner"
                _relever(fautes, "element_vide", (lieu, rang), "élément renseigné", "élément vide", correction)
        return lus

    return lire


def _preparer_objet(modele: type[BaseModel], courte: FormeCourte | None) -> Lecteur:
    lecteurs = _preparer_champs(modele)
    lire_valeur_seule = _lire_texte if courte is None else _preparer_forme_courte(modele, courte)

    def lire(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie]) -> Any:
        if not isinstance(valeur, dict):
            return lire_valeur_seule(valeur, lieu, fautes)
        objet: dict[str, Any] = {}
        for cle, brut in valeur.items():
            lire_champ = lecteurs.get(cle)
            if lire_champ is None:
                if _verifier_cle(cle, lieu, fautes):
                    objet[cle] = brut
            elif brut is not None:
                lu = lire_champ(brut, (lieu, cle), fautes)
                if lu is not None:
                    objet[cle] = lu
        return objet or None

    return lire


def _preparer_forme_courte(modele: type[BaseModel], courte: FormeCourte) -> Lecteur:
    table = _dresser_table(annoter(modele)[courte.enumere]) if courte.enumere is not None else {}
    longueur_max = max(map(len, table), default=0)
    attendu = f"booléen ou objet à clés {' et '.join(f'« {cle} »' for cle in modele.model_fields)}"

    def lire_booleen(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie]) -> Any:
        lu = _lire_booleen(valeur, lieu, fautes)
        if isinstance(lu, bool):
            return {courte.champ: lu}
        if lu is not None:
            trouve = nommer_lu(lu, montrer_valeur=False)
            _relever(fautes, "type_attendu", lieu, attendu, trouve, "écrire true, false, oui, non ou un objet")
        return lu

    def lire_texte(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie]) -> Any:
        texte = _lire_texte(valeur, lieu, fautes)
        if not isinstance(texte, str):
            return texte
        # Plus long que tous les types, ce n'en est pas un : l'étiqueter coûterait pour rien.
        enumere = table.get(etiqueter(texte)) if len(texte) <= longueur_max else None
        return {courte.champ: texte} if enumere is None else {courte.enumere: enumere}

    return lire_booleen if courte.genre == "booleen" else lire_texte


def _verifier_cle(cle: object, lieu: type_de_lieu, fautes: list[Anomalie]) -> bool:
    if not isinstance(cle, str):
        lu = nommer_lu(cle, montrer_valeur=False)
        _relever(fautes, "type_attendu", lieu, "nom de clé en texte", lu, "mettre des guillemets au nom de la clé")
        return False
    return _verifier_caracteres(cle, (lieu, cle), fautes)


def _lire_extensions(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie]) -> Any:
    if not isinstance(valeur, dict):
        return _lire_texte(valeur, lieu, fautes)
    return _copier_libre(valeur, lieu, fautes, 2) or None


def _copier_libre(valeur: Any, lieu: type_de_lieu, fautes: list[Anomalie], profondeur: int) -> Any:
    """Copie une valeur JSON quelconque sans la changer ; relève ce qui ne pourrait être ni écrit ni rendu."""
    if isinstance(valeur, (dict, list, tuple)):
        if profondeur > PROFONDEUR_MAX:
            _relever_profondeur(fautes, lieu)
            return None
        if isinstance(valeur, dict):
            return {
                cle: _copier_libre(element, (lieu, cle), fautes, profondeur + 1)
                for cle, element in valeur.items()
                if _verifier_cle(cle, lieu, fautes)
            }
        return [_copier_libre(element, (lieu, rang), fautes, profondeur + 1) for rang, element in enumerate(valeur)]
    if isinstance(valeur, str):
        _verifier_caracteres(valeur, lieu, fautes)
    elif isinstance(valeur, float) or (isinstance(valeur, Decimal) and not valeur.is_finite()):
        nombre = Decimal(repr(valeur)) if isinstance(valeur, float) else valeur
        if not nombre.is_finite():
            _relever_non_fini(fautes, lieu)
        return nombre
    elif valeur is not None and not isinstance(valeur, (bool, int, Decimal)):
        lu = nommer_lu(valeur, montrer_valeur=False)
        _relever(fautes, "type_attendu", lieu, "valeur JSON", lu, "écrire un texte, un nombre, une liste ou un objet")
    return valeur


def _relever_non_fini(fautes: list[Anomalie], lieu: type_de_lieu) -> None:
    _relever(fautes, "hors_bornes", lieu, "nombre fini", "nombre non fini", "écrire un nombre, ni NaN ni infini")


def _relever_profondeur(fautes: list[Anomalie], lieu: type_de_lieu) -> None:
    attendu = f"{PROFONDEUR_MAX} niveaux d'imbrication au plus"
    _relever(fautes, "trop_profond", lieu, attendu, "davantage", "aplatir les données")


@cache
def _preparer_champs(modele: type[BaseModel]) -> Mapping[str, Lecteur]:
    return {nom: _preparer(annotation) for nom, annotation in annoter(modele).items()}


def _preparer(annotation: Any) -> Lecteur:
    base, marques = deplier(annotation)
    forme = trouver_marque(marques, Forme)
    if forme is not None:
        return _FORMES[forme.nom]
    if get_origin(base) is Literal:
        return _preparer_enumere(annotation)
    if get_origin(base) is tuple:
        maximum = next(m.max_length for marque in marques for m in marque.metadata if hasattr(m, "max_length"))
        return _preparer_liste(_preparer(get_args(base)[0]), maximum)
    if get_origin(base) is dict:
        return _lire_extensions
    if est_modele(base):
        return _preparer_objet(base, trouver_marque(marques, FormeCourte))
    return _SIMPLES[base]


_SIMPLES: Final[Mapping[Any, Lecteur]] = {
    str: _lire_texte,
    bool: _lire_booleen,
    (bool, str): _lire_booleen,
    Decimal: _lire_nombre,
    int: _lire_entier,
    date: _convertir(_ecrire_date),
}

_lire_racine: Final = _preparer_objet(Fop, None)


# --- Lecture ------------------------------------------------------------------------------------------------


def nettoyer(brut: dict[Any, Any]) -> tuple[dict[str, Any], list[Anomalie]]:
    """Ramène une FOP à sa forme canonique, absents retirés, et relève ce qui ne peut pas l'être.

    Ce que le nettoyage ne reconnaît pas reste tel quel : la validation le refusera.
    """
    fautes: list[Anomalie] = []
    return _lire_racine(brut, None, fautes) or {}, fautes


def lire_fop(brut: object) -> Fop:
    """Lit une FOP déjà décodée (objets, listes, textes, nombres, booléens, dates).

    Lève `FopInvalide` avec toutes les anomalies trouvées (cent au plus, la dernière dit combien sont tues) ;
    aucune ne contient une valeur reçue.
    """
    if not isinstance(brut, dict):
        lu = nommer_lu(brut, montrer_valeur=False)
        raise FopInvalide([Anomalie("type_attendu", "", "", "objet", lu, "écrire la fiche entre accolades")])
    propre, fautes = nettoyer(brut)
    try:
        fop = Fop.model_validate(propre)
    except ValidationError as erreur:
        erreurs = erreur.errors(include_url=False)
    else:
        if not fautes:
            return fop
        erreurs = []
    # Levée hors du `except` : sans cela, l'erreur de Pydantic suivrait la nôtre avec les valeurs reçues.
    deja = {faute.pointeur for faute in fautes}
    traduites = traduire(
        erreurs[:ANOMALIES_MAX], montrer_valeur=False, cles_permises=partial(lister_cles, Fop), entree=propre
    )
    anomalies = [*fautes, *(a for a in traduites if a.pointeur not in deja)]
    total = len(anomalies) + max(0, len(erreurs) - ANOMALIES_MAX)
    raise FopInvalide(ajouter_reste(anomalies, limite=ANOMALIES_MAX, total=total))


def lire_fop_json(octets: bytes) -> Fop:
    """Lit une FOP en JSON (UTF-8).

    Lève `FopInvalide` : JSON illisible, trop grand, trop profond, ou FOP fautive.
    """
    return lire_fop(decoder_json(octets))


def decoder_json(octets: bytes, *, taille_max: int = TAILLE_MAX_CORPS) -> object:
    """Décode un JSON strict : UTF-8 (marque d'ordre tolérée), décimaux exacts, profondeur et taille bornées.

    Les nombres à virgule sont des `Decimal`. `taille_max`, en octets, se relève pour un lot de fiches.
    Lève `FopInvalide` : octets illisibles, clé en double, NaN, infini.
    """
    if len(octets) > taille_max:
        lu = f"{ecrire_nombre(len(octets))} octets"
        attendu = f"{ecrire_nombre(taille_max)} octets au plus"
        raise FopInvalide([Anomalie("trop_long", "", "", attendu, lu, "raccourcir le document")])
    return _Decodeur().decoder(octets)


class _Decodeur:
    """Décode un document et retient les fautes que la bibliothèque standard laisserait passer."""

    def __init__(self) -> None:
        self.doublons: list[tuple[dict[str, Any], str]] = []
        self.non_fini = False

    def decoder(self, octets: bytes) -> object:
        faute: Anomalie
        try:
            valeur: object = json.loads(
                octets.decode("utf-8-sig"),
                object_pairs_hook=self._assembler,
                parse_float=self._lire_decimal,
                parse_int=self._lire_entier,
                parse_constant=self._lire_constante,
            )
        except UnicodeDecodeError as erreur:
            faute = _dire_illisible(
                "texte UTF-8", f"octet illisible en position {erreur.start}", "enregistrer en UTF-8"
            )
        except json.JSONDecodeError as erreur:
            lu = f"faute de syntaxe ligne {erreur.lineno}, colonne {erreur.colno}"
            if not octets.strip():
                lu = "document vide"
            faute = _dire_illisible("document JSON", lu, "corriger la syntaxe")
        except RecursionError:
            fautes: list[Anomalie] = []
            _relever_profondeur(fautes, None)
            faute = fautes[0]
        else:
            self._verifier(valeur)
            return valeur
        # Levée hors du `except` : l'erreur du décodeur porte le document entier.
        raise FopInvalide([faute])

    def _assembler(self, paires: list[tuple[str, Any]]) -> dict[str, Any]:
        objet = dict(paires)
        if len(objet) != len(paires):
            vues: set[str] = set()
            for cle, _ in paires:
                if cle in vues:
                    self.doublons.append((objet, cle))
                vues.add(cle)
        return objet

    def _lire_decimal(self, texte: str) -> Decimal:
        try:
            return Decimal(texte)
        except InvalidOperation:
            # Un exposant démesuré : le nombre ne tient dans aucune borne.
            self.non_fini = True
            return Decimal("Infinity")

    def _lire_entier(self, texte: str) -> int | Decimal:
        # Python refuse de lire un entier de plus de 4 300 chiffres : un décimal le porte sans coût.
        return int(texte) if len(texte) <= CHIFFRES_MAX else Decimal(texte)

    def _lire_constante(self, nom: str) -> Decimal:
        self.non_fini = True
        return Decimal(nom)

    def _verifier(self, racine: object) -> None:
        fautes: list[Anomalie] = []
        if _mesurer_profondeur(racine) > PROFONDEUR_MAX:
            _relever_profondeur(fautes, None)
            raise FopInvalide(fautes)
        if not self.doublons and not self.non_fini:
            return
        doubles: dict[int, list[str]] = {}
        for objet, cle in self.doublons:
            doubles.setdefault(id(objet), []).append(cle)
        for lieu, valeur in _parcourir(racine):
            for cle in doubles.get(id(valeur), ()) if isinstance(valeur, dict) else ():
                _relever(
                    fautes,
                    "cle_en_double",
                    (lieu, cle),
                    "clé unique dans son objet",
                    "clé répétée",
                    "retirer le doublon",
                )
            if isinstance(valeur, Decimal) and not valeur.is_finite():
                _relever_non_fini(fautes, lieu)
        if fautes:
            raise FopInvalide(ajouter_reste(fautes, limite=ANOMALIES_MAX, total=len(fautes)))


def _dire_illisible(attendu: str, lu: str, correction: str) -> Anomalie:
    return Anomalie("json_illisible", "", "", attendu, lu, correction)


def _mesurer_profondeur(racine: object) -> int:
    profondeur = 0
    niveau: list[Any] = [racine] if isinstance(racine, (dict, list)) else []
    while niveau and profondeur <= PROFONDEUR_MAX:
        profondeur += 1
        niveau = [
            enfant
            for conteneur in niveau
            for enfant in (conteneur.values() if isinstance(conteneur, dict) else conteneur)
            if isinstance(enfant, (dict, list))
        ]
    return profondeur


def _parcourir(racine: object) -> Iterator[tuple[type_de_lieu, object]]:
    a_voir: list[tuple[type_de_lieu, object]] = [(None, racine)]
    while a_voir:
        lieu, valeur = a_voir.pop()
        yield lieu, valeur
        if isinstance(valeur, dict):
            a_voir.extend(((lieu, cle), enfant) for cle, enfant in reversed(valeur.items()))
        elif isinstance(valeur, list):
            a_voir.extend(((lieu, rang), valeur[rang]) for rang in reversed(range(len(valeur))))


# --- Empreinte ----------------------------------------------------------------------------------------------


def empreinte(fop: Fop) -> str:
    """Rend le sha256 (hexadécimal) du JSON canonique de la FOP, le même sur toute machine.

    Clés triées, absents retirés, décimaux normalisés : 100, 100.0 et "100.00" ont la même empreinte.
    """
    return hashlib.sha256(_ecrire_objet(fop).encode("ascii")).hexdigest()


@cache
def _trier_champs(modele: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    return tuple((nom, f'"{nom}":') for nom in sorted(modele.model_fields))


def _ecrire_objet(objet: BaseModel) -> str:
    valeurs = vars(objet)
    membres = [
        debut + _ecrire_canonique(valeurs[nom]) for nom, debut in _trier_champs(type(objet)) if valeurs[nom] is not None
    ]
    # Un objet dont tout est absent est absent.
    return "{" + ",".join(membre for membre in membres if not membre.endswith(":{}")) + "}"


def _ecrire_canonique(valeur: Any) -> str:
    if isinstance(valeur, str):
        return encode_basestring_ascii(valeur)
    if isinstance(valeur, BaseModel):
        return _ecrire_objet(valeur)
    if valeur is None or isinstance(valeur, bool):
        return json.dumps(valeur)
    if isinstance(valeur, (int, Decimal)):
        return _ecrire_decimal(Decimal(valeur))
    if isinstance(valeur, date):
        return f'"{valeur.isoformat()}"'
    if isinstance(valeur, dict):
        membres = (f"{encode_basestring_ascii(cle)}:{_ecrire_canonique(valeur[cle])}" for cle in sorted(valeur))
        return "{" + ",".join(membres) + "}"
    return "[" + ",".join(map(_ecrire_canonique, valeur)) + "]"


def _ecrire_decimal(nombre: Decimal) -> str:
    # Chiffres et exposant, sans jamais développer : `1e999999` tient en huit caractères.
    signe, chiffres, exposant = nombre.as_tuple()
    ecrits = "".join(map(str, chiffres))
    significatifs = ecrits.rstrip("0")
    if not significatifs or not isinstance(exposant, int):
        return "0"
    return f"{'-' if signe else ''}{significatifs}e{exposant + len(ecrits) - len(significatifs)}"
