"""Le paquet de règles : fiches, paramètres, référentiels et clauses, chargés ensemble, contrôlés, figés, numérotés.

Un paquet est immuable et porte sa version et l'empreinte de ses fichiers : deux paquets de même empreinte rendent les
mêmes verdicts. Un dossier fautif n'est jamais chargé à moitié : toutes ses fautes sont rendues d'un coup.
"""

import gc
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.regles import cache
from services.regles.champs import lister_cles
from services.regles.clauses import Clause
from services.regles.conditions import Arbre, Condition, FamilleCpv, Feuille, parcourir
from services.regles.engagements import Engagement
from services.regles.erreurs import Anomalie, PaquetInvalide, ecrire_chemin, ecrire_pointeur, traduire
from services.regles.faits import AcheteurConnu, Faits, trouver_champ, trouver_demande
from services.regles.fiches import LIBELLES_CORPUS, Fiche
from services.regles.lecture_yaml import Document, Emplacement, lire_document
from services.regles.moteur.port import Situation
from services.regles.parametres import Parametre, ValeurDatee
from services.regles.referentiels import (
    EntreeAcheteur,
    EntreeCpv,
    Referentiel,
    choisir_modele,
    composer_famille,
)
from services.regles.regle import DerogationTypee, Regle
from services.regles.trivalent import Trivalent
from services.regles.typage import Contexte, typer

DOSSIERS_DE_FICHES = tuple(corpus.replace("_", "-") for corpus in LIBELLES_CORPUS)
"""Un dossier par corpus, dans l'ordre des corpus."""
DOSSIERS_D_ENTREES = ("parametres", "referentiels", "clauses", "engagements")
"""Dossiers dont chaque fichier réunit des entrées par clé."""
CADRAGES_GARDES = 512

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")


class Etiquette(BaseModel):
    """Ce que dit `paquet.yaml` : le nom et la version publiée de ce jeu de règles."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    nom: str = Field(min_length=1)
    version: str = Field(pattern=r"^\d{4}\.\d{2}\.\d+$", description="AAAA.MM.rang de publication.")
    publie_le: date


@dataclass(slots=True)
class Sources:
    """Un dossier de règles lu mais pas encore figé : ce qu'il contient, où, et ses fautes."""

    dossier: Path
    etiquette: Etiquette | None = None
    fiches: list[tuple[Document, Fiche]] = field(default_factory=list)
    parametres: dict[str, Parametre] = field(default_factory=dict)
    documents_parametres: dict[str, Document] = field(default_factory=dict)
    referentiels: dict[str, Referentiel] = field(default_factory=dict)
    clauses: dict[str, Clause] = field(default_factory=dict)
    documents_clauses: dict[str, Document] = field(default_factory=dict)
    engagements: dict[str, Engagement] = field(default_factory=dict)
    documents_engagements: dict[str, Document] = field(default_factory=dict)
    fautes: list[Anomalie] = field(default_factory=list)
    empreinte: str = ""


@dataclass(frozen=True, slots=True)
class Cadrage:
    """Le droit en vigueur pour une vérification : une date par groupe, les paramètres, les périodes.

    `valeurs[groupe]` garde, pour l'explication, le texte et la date de chaque valeur de paramètre.
    """

    dates: tuple[date | None, ...]
    cadres: tuple[dict[str, Any], ...]
    valeurs: tuple[dict[str, ValeurDatee], ...]
    periodes: tuple[Trivalent, ...]


class Paquet:
    """Un jeu de règles figé. Immuable, partageable entre fils."""

    def __init__(self, sources: Sources, regles: tuple[Regle, ...], groupes: tuple[tuple[str, ...], ...]) -> None:
        """Assemble des sources sans faute ; passer par `charger_paquet`."""
        assert sources.etiquette is not None
        self.dossier = sources.dossier
        self.nom = sources.etiquette.nom
        self.version = sources.etiquette.version
        self.publie_le = sources.etiquette.publie_le
        self.empreinte = sources.empreinte
        self.regles = regles
        self.parametres: Mapping[str, Parametre] = sources.parametres
        self.referentiels: Mapping[str, Referentiel] = sources.referentiels
        self.clauses: Mapping[str, Clause] = sources.clauses
        self.engagements: Mapping[str, Engagement] = sources.engagements
        self.acheteurs = _indexer_acheteurs(sources.referentiels)
        self._groupes = groupes
        self._fenetres = tuple(
            sorted(
                {(r.fenetre, r.groupe, r.fiche.effet.du, r.fiche.effet.au) for r in regles},
                key=lambda f: f[0],
            )
        )
        self._par_id = {regle.fiche.id: regle for regle in regles}
        des_regles = {cle for regle in regles for cle in regle.fiche.parametres.values()}
        des_clauses = {
            t.parametre for c in sources.clauses.values() for t in c.trous.values() if t.parametre is not None
        }
        self._cles_lues = tuple(sorted(des_regles | (des_clauses & set(sources.parametres))))
        self._cadrer = lru_cache(maxsize=CADRAGES_GARDES)(self._cadrer_dates)

    def trouver_regle(self, identifiant: str) -> Regle | None:
        """Rend la règle de cet identifiant, ou None."""
        return self._par_id.get(identifiant)

    def cadrer(self, faits: Faits) -> Cadrage:
        """Rend le droit en vigueur pour ces faits : pour chaque groupe, la première date présente de sa liste."""
        donnees = faits.consultation
        return self._cadrer(
            tuple(next((donnees[cle] for cle in groupe if cle in donnees), None) for groupe in self._groupes)
        )

    def situer(self, faits: Faits, cadrage: Cadrage) -> Situation:
        """Rend ce que jugent les moteurs."""
        return Situation(faits.consultation, faits.lots, cadrage.cadres, cadrage.periodes)

    def _cadrer_dates(self, dates: tuple[date | None, ...]) -> Cadrage:
        cadres: list[dict[str, Any]] = []
        valeurs: list[dict[str, ValeurDatee]] = []
        for jour in dates:
            datees: dict[str, ValeurDatee] = {}
            if jour is not None:
                for cle in self._cles_lues:
                    valeur = self.parametres[cle].valoir(jour)
                    if valeur is not None:
                        datees[cle] = valeur
            valeurs.append(datees)
            cadre: dict[str, Any] = {cle: valeur.valeur for cle, valeur in datees.items()}
            if jour is not None:
                cadre["date_de_reference"] = jour
            cadres.append(cadre)
        periodes: list[Trivalent] = []
        for _, groupe, du, au in self._fenetres:
            jour = dates[groupe]
            periodes.append(None if jour is None else du <= jour and (au is None or jour <= au))
        return Cadrage(dates, tuple(cadres), tuple(valeurs), tuple(periodes))


def charger_paquet(dossier: Path, dossier_cache: Path | None = None) -> Paquet:
    """Lit, contrôle et fige le dossier de règles ; `dossier_cache` : où le garder déjà lu.

    Lève PaquetInvalide avec toutes les fautes trouvées (fichier, ligne, chemin, attendu, lu, correction).
    """
    with suspendre_ramasse_miettes():
        sources = lire_sources(dossier, dossier_cache)
        regles, groupes, fautes = typer_fiches(sources)
        anomalies = [*sources.fautes, *fautes]
        if anomalies:
            raise PaquetInvalide(tuple(anomalies))
        return Paquet(sources, regles, groupes)


@contextmanager
def suspendre_ramasse_miettes() -> Iterator[None]:
    """Suspend le ramasse-miettes : charger crée d'un coup des centaines de milliers d'objets, et aucun déchet.

    Ces objets durent : les ranger d'emblée parmi les anciens épargne de les parcourir tous en le remettant en marche.
    """
    actif = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if actif:
            if gc.get_freeze_count() == 0:  # sinon l'appelant a mis des objets à l'abri, et l'on ne les en sort pas
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def lire_sources(dossier: Path, dossier_cache: Path | None = None) -> Sources:
    """Lit tous les fichiers du dossier ; les fautes s'accumulent dans `fautes`. Ne lève rien."""
    sources = Sources(dossier)
    if not dossier.is_dir():
        sources.fautes.append(
            Anomalie(
                "dossier_absent",
                "",
                "",
                "un dossier de règles",
                "rien",
                "vérifier le chemin",
                str(dossier),
                1,
            )
        )
        return sources
    for fichier in sorted(dossier.rglob("*.yml")):
        nom = f"{dossier.name}/{fichier.relative_to(dossier).as_posix()}"
        sources.fautes.append(
            Anomalie("extension", "", "", "fichier en .yaml", "fichier en .yml", "renommer le fichier", nom, 1)
        )
    fichiers = {f.relative_to(dossier).as_posix(): f for f in dossier.rglob("*.yaml") if f.is_file()}
    fichiers = dict(sorted(fichiers.items(), key=lambda paire: paire[1]))
    sources.empreinte = _calculer_empreinte(fichiers)
    for nom, document in _lire_documents(sources, fichiers, dossier_cache):
        _ranger(sources, nom, document)
    if sources.etiquette is None and not any(f.fichier and f.fichier.endswith("/paquet.yaml") for f in sources.fautes):
        sources.fautes.append(
            Anomalie(
                "paquet_sans_version",
                "",
                "",
                "un fichier paquet.yaml (nom, version, publie_le)",
                "aucun",
                "l'écrire",
                f"{dossier.name}/paquet.yaml",
                1,
            )
        )
    return sources


def _calculer_empreinte(fichiers: Mapping[str, Path]) -> str:
    somme = hashlib.sha256()
    for nom, fichier in fichiers.items():
        somme.update(nom.encode() + b"\0" + hashlib.sha256(fichier.read_bytes()).digest())
    return somme.hexdigest()


def _lire_documents(
    sources: Sources, fichiers: Mapping[str, Path], dossier_cache: Path | None
) -> list[tuple[str, Document]]:
    """Rend les documents lisibles, du cache s'il les garde, sinon du YAML ; garde alors ce qui est sans faute."""
    gardes = cache.lire(dossier_cache, sources.empreinte) if dossier_cache is not None else None
    racine = sources.dossier.name
    if gardes is not None and gardes.keys() == fichiers.keys():
        return [(nom, Document(f"{racine}/{nom}", gardes[nom], fichier)) for nom, fichier in fichiers.items()]
    documents: list[tuple[str, Document]] = []
    for nom, fichier in fichiers.items():
        document, fautes = lire_document(fichier, f"{racine}/{nom}")
        sources.fautes += fautes
        if document is not None and not fautes:
            documents.append((nom, document))
    if dossier_cache is not None and len(documents) == len(fichiers):
        cache.ecrire(dossier_cache, sources.empreinte, {nom: document.contenu for nom, document in documents})
    return documents


def _ranger(sources: Sources, nom: str, document: Document) -> None:
    """Range un document selon son dossier."""
    premier = nom.split("/")[0]
    if nom == "paquet.yaml":
        sources.etiquette = _valider(Etiquette, document, (), document.contenu, sources)
    elif premier in DOSSIERS_DE_FICHES:
        fiche = _valider(Fiche, document, (), document.contenu, sources)
        if fiche is not None:
            sources.fiches.append((document, fiche))
    elif premier in DOSSIERS_D_ENTREES and _exiger_objet(document, sources):
        _ranger_entrees(sources, premier, Path(nom).stem, document)
    elif premier not in DOSSIERS_D_ENTREES:
        sources.fautes.append(
            Anomalie(
                "dossier_inconnu",
                "",
                "",
                f"l'un des dossiers {', '.join((*DOSSIERS_DE_FICHES, *DOSSIERS_D_ENTREES))}",
                premier,
                "ranger le fichier dans le dossier de son corpus",
                document.fichier,
                1,
            )
        )


def _ranger_entrees(sources: Sources, genre: str, nom: str, document: Document) -> None:
    rangements: dict[str, tuple[type[BaseModel], Any, dict[str, Document] | None]] = {
        "parametres": (Parametre, sources.parametres, sources.documents_parametres),
        "clauses": (Clause, sources.clauses, sources.documents_clauses),
        "engagements": (Engagement, sources.engagements, sources.documents_engagements),
    }
    if genre in rangements:
        modele, entrees, documents = rangements[genre]
    else:
        modele, entrees, documents = choisir_modele(nom), sources.referentiels.setdefault(nom, {}), None
    for cle, brut in document.contenu.items():
        if cle in entrees:
            sources.fautes.append(
                situer(
                    document,
                    (cle,),
                    "L02",
                    "une clé unique dans tout le dossier",
                    cle,
                    "en choisir une autre",
                )
            )
            continue
        entree = _valider(modele, document, (cle,), brut, sources)
        if entree is not None:
            entrees[cle] = entree
            if documents is not None:
                documents[cle] = document


def _exiger_objet(document: Document, sources: Sources) -> bool:
    if isinstance(document.contenu, dict):
        return True
    sources.fautes.append(
        situer(document, (), "type_attendu", "des clés", type(document.contenu).__name__, "écrire `cle: …`")
    )
    return False


def _valider(modele: type[M], document: Document, ou: Emplacement, brut: Any, sources: Sources) -> M | None:
    try:
        return modele.model_validate(brut)
    except ValidationError as erreur:
        cles_permises = partial(lister_cles, modele)
        fautes = erreur.errors(include_url=False)
        for anomalie in traduire(fautes, montrer_valeur=True, cles_permises=cles_permises, entree=brut):
            relatif = tuple(_relire_pointeur(anomalie.pointeur, brut))
            sources.fautes.append(
                situer(
                    document,
                    (*ou, *relatif),
                    anomalie.code,
                    anomalie.attendu,
                    anomalie.lu,
                    anomalie.correction,
                )
            )
        return None


def _relire_pointeur(pointeur: str, brut: Any) -> list[str | int]:
    """Rend l'emplacement que désigne un pointeur JSON dans les données lues."""
    morceaux: list[str | int] = []
    courant = brut
    for ecrit in pointeur.split("/")[1:]:
        nom = ecrit.replace("~1", "/").replace("~0", "~")
        if isinstance(courant, list) and nom.isdigit():
            rang = int(nom)
            morceaux.append(rang)
            courant = courant[rang] if rang < len(courant) else None
        else:
            morceaux.append(nom)
            courant = courant.get(nom) if isinstance(courant, dict) else None
    return morceaux


def situer(document: Document, ou: Emplacement, code: str, attendu: str, lu: str, correction: str) -> Anomalie:
    """Rend l'anomalie placée à l'emplacement `ou` du document, avec sa ligne."""
    return Anomalie(
        code=code,
        chemin=ecrire_chemin(ou),
        pointeur=ecrire_pointeur(ou),
        attendu=attendu,
        lu=lu,
        correction=correction,
        fichier=document.fichier,
        ligne=document.trouver_ligne(ou),
    )


def typer_fiches(sources: Sources) -> tuple[tuple[Regle, ...], tuple[tuple[str, ...], ...], list[Anomalie]]:
    """Type toutes les fiches ; rend les règles (par identifiant), les groupes de dates, et les fautes."""
    fautes: list[Anomalie] = []
    groupes: list[tuple[str, ...]] = []
    fenetres: list[tuple[int, date, date | None]] = []
    regles: list[Regle] = []
    vues: dict[str, str] = {}
    for document, fiche in sorted(sources.fiches, key=lambda paire: (paire[1].id, paire[1].version)):
        if fiche.cle in vues:
            fautes.append(
                situer(
                    document,
                    ("id",),
                    "L02",
                    f"un identifiant neuf (pris par {vues[fiche.cle]})",
                    fiche.id,
                    "en choisir un autre",
                )
            )
            continue
        vues[fiche.cle] = document.fichier
        fautes += _controler_renvois(sources, document, fiche)
        groupe = _numeroter(groupes, tuple(fiche.effet.date_de_reference))
        fenetre = _numeroter(fenetres, (groupe, fiche.effet.du, fiche.effet.au))
        regle = _typer_fiche(sources, document, fiche, groupe, fenetre, fautes)
        if regle is not None and fiche.statut == "active":
            regles.append(regle)
    return tuple(regles), tuple(groupes), fautes


def _numeroter(liste: list[T], element: T) -> int:
    if element not in liste:
        liste.append(element)
    return liste.index(element)


def _controler_renvois(sources: Sources, document: Document, fiche: Fiche) -> list[Anomalie]:
    """Les paramètres, clauses et dates de référence cités existent (L04, L05, L06)."""
    fautes: list[Anomalie] = []
    for alias, cle in fiche.parametres.items():
        parametre = sources.parametres.get(cle)
        if parametre is None:
            fautes.append(
                situer(
                    document,
                    ("parametres", alias),
                    "L05",
                    "un paramètre de regles/parametres",
                    cle,
                    "l'ajouter",
                )
            )
        elif parametre.valeurs[0].depuis > fiche.effet.du:
            fautes.append(
                situer(
                    document,
                    ("parametres", alias),
                    "L05",
                    f"une ligne au {fiche.effet.du} ou avant",
                    f"{cle} commence le {parametre.valeurs[0].depuis}",
                    "ajouter une ligne (`a_renseigner` si inconnue)",
                )
            )
    citees: list[tuple[Emplacement, str]] = [
        (("remede", "clauses", rang), identifiant) for rang, identifiant in enumerate(fiche.remede.clauses)
    ]
    for numero, derogation in enumerate(fiche.derogations):
        citees += [(("derogations", numero, "clauses", r), i) for r, i in enumerate(derogation.clauses)]
    for ou, identifiant in citees:
        if identifiant not in sources.clauses:
            fautes.append(
                situer(
                    document,
                    ou,
                    "L06",
                    "une clause du clausier",
                    identifiant,
                    "l'écrire",
                )
            )
    for rang, chemin in enumerate(fiche.effet.date_de_reference):
        champ = trouver_champ(chemin)
        if champ is None or champ.genre != "date":
            fautes.append(
                situer(
                    document,
                    ("effet", "date_de_reference", rang),
                    "L04",
                    "une date de la FOP",
                    chemin,
                    "la corriger",
                )
            )
    return fautes


def _typer_fiche(
    sources: Sources, document: Document, fiche: Fiche, groupe: int, fenetre: int, fautes: list[Anomalie]
) -> Regle | None:
    contexte = Contexte(
        niveau_lot=fiche.niveau == "lot",
        alias=fiche.parametres,
        suppositions={
            chemin: donnee.si_absent["supposer"]
            for chemin, donnee in fiche.donnees.items()
            if donnee.si_absent is not None
        },
        parametres=sources.parametres,
        composer_famille=lambda renvoi: _trouver_famille(sources, renvoi),
    )

    def typer_sous(condition: Condition, *ou: str | int) -> Arbre | None:
        return typer(condition, contexte, ou)

    applicable = typer_sous(fiche.applicable_si, "applicable_si") if fiche.applicable_si is not None else None
    exige = typer_sous(fiche.exige, "exige")
    derogations: list[DerogationTypee] = []
    for rang, derogation in enumerate(fiche.derogations):
        si = typer_sous(derogation.si, "derogations", rang, "si")
        justifie = typer_sous(derogation.justifie_par, "derogations", rang, "justifie_par")
        if si is not None and justifie is not None:
            derogations.append(DerogationTypee(derogation, si, justifie))
    alerte = typer_sous(fiche.alerte_si, "alerte_si") if fiche.alerte_si is not None else None
    _controler_donnees(
        fiche, contexte, [applicable, exige, alerte, *(a for d in derogations for a in (d.si, d.justifie_par))]
    )
    for faute in contexte.fautes:
        fautes.append(situer(document, faute.ou, faute.code, faute.attendu, faute.lu, faute.correction))
    if contexte.fautes or exige is None:
        return None
    return Regle(fiche, groupe, fenetre, applicable, exige, tuple(derogations), alerte)


def _controler_donnees(fiche: Fiche, contexte: Contexte, arbres: Sequence[Arbre | None]) -> None:
    """Une donnée que la fiche précise doit être lue par elle, sinon sa supposition serait muette (L04)."""
    if contexte.fautes:
        return
    noeuds = [noeud for arbre in arbres if arbre is not None for noeud in parcourir(arbre)]
    lectures = [noeud.lecture if isinstance(noeud, Feuille) else noeud.liste for noeud in noeuds]
    lues = {lecture.source for lecture in lectures}
    # Une question vaut pour la donnée où qu'elle soit demandée ; une supposition, pour la seule lecture écrite.
    demandables = {lecture.cle for lecture in lectures}
    demandables |= {trouver_demande(lecture.champ.chemin).rpartition("[].")[2] for lecture in lectures}
    for chemin, donnee in fiche.donnees.items():
        connue = chemin in lues if donnee.si_absent is not None else chemin.removeprefix(".") in demandables
        if not connue:
            contexte.signaler("L04", ("donnees", chemin), "une donnée lue par la règle", chemin, "la corriger")


def _trouver_famille(sources: Sources, renvoi: str) -> FamilleCpv | None:
    nom, _, cle = renvoi.partition(".")
    referentiel = sources.referentiels.get(nom)
    if referentiel is None or not isinstance(referentiel.get(cle), EntreeCpv):
        return None
    return composer_famille(referentiel, nom, cle)


def _indexer_acheteurs(referentiels: Mapping[str, Referentiel]) -> dict[str, AcheteurConnu]:
    """Indexe les acheteurs connus par SIREN : tous les établissements d'une collectivité relèvent du même schéma."""
    connus: dict[str, AcheteurConnu] = {}
    for entree in referentiels.get("acheteurs", {}).values():
        if isinstance(entree, EntreeAcheteur):
            connus[entree.siret[:9]] = AcheteurConnu(entree.type, entree.qualite, entree.spaser)
    return connus
