"""Composer les pages du site : une par règle, les index, les paramètres, les clauses, la couverture des schémas."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.regles.champs import CHAMPS
from services.regles.clauses import TROU, Clause
from services.regles.conditions import parcourir
from services.regles.echeances import lister_echeances
from services.regles.enonce import Enonce, ecrire_valeur, enoncer, nommer
from services.regles.faits import SUPPOSITIONS
from services.regles.fiches import LIBELLES_CORPUS
from services.regles.messages import VARIABLE, ecrire_date, ecrire_simplement
from services.regles.paquet import Paquet
from services.regles.referentiels import EntreeCpv
from services.regles.regle import Regle
from services.regles.remedes import REFERENTIEL_DES_SEGMENTS, lister_proposables
from services.regles.site.libelles import (
    AXES,
    CONFIANCES,
    COUVERTURES,
    GRAVITES,
    NATURES,
    NATURES_D_ENGAGEMENT,
    PIECES,
    PRISES_EN_CHARGE,
    PROVENANCES,
    ROLES,
    SEGMENTS_GENERAUX,
    THEMES,
    VERDICTS,
)

ICI: Final = Path(__file__).parent
FICHIERS: Final = ("style.css", "filtre.js")


@dataclass(frozen=True, slots=True)
class DonneeLue:
    """Une donnée que la règle lit, et la question qui la demande."""

    chemin: str
    nom: str
    question: str
    supposee: str | None


@dataclass(frozen=True, slots=True)
class VueDeRegle:
    """Ce que montre la page d'une règle, en plus de sa fiche."""

    regle: Regle
    concerne: Enonce | None
    verifie: Enonce
    derogations: list[tuple[Any, Enonce, Enonce]]
    attenue: Enonce | None
    donnees: list[DonneeLue]
    clauses: list[str]
    versions: list[Regle]
    engagements: list[str]

    @property
    def fiche(self) -> Any:
        """La fiche de la règle."""
        return self.regle.fiche


def composer_site(paquet: Paquet) -> dict[str, bytes]:
    """Rend le site : le contenu de chaque fichier, par nom. Les liens sont relatifs : il se lit où on le pose."""
    rendu = _preparer_rendu(paquet)
    vues = [_voir(regle, paquet) for regle in paquet.regles]
    pages: dict[str, str] = {
        "index.html": rendu("index.html", corpus=_grouper(vues, "corpus", LIBELLES_CORPUS)),
        "axes.html": rendu("axes.html", axes=_grouper(vues, "axe", AXES)),
        "segments.html": rendu("segments.html", segments=_lister_segments(paquet, vues)),
        "parametres.html": rendu("parametres.html", parametres=paquet.parametres, lectrices=_lire_parametres(paquet)),
        "echeances.html": rendu("echeances.html", echeances=lister_echeances(paquet, paquet.publie_le)),
        "a-confirmer.html": rendu("a-confirmer.html", **_relever_doutes(paquet, vues)),
        "clauses.html": rendu("clauses.html", clauses=_grouper_clauses(paquet), proposees=_citer_clauses(vues)),
        "couverture.html": rendu("couverture.html", engagements=_grouper_engagements(paquet)),
    }
    for vue in vues:
        pages[nommer_page(vue.regle)] = rendu("regle.html", vue=vue)
    fichiers = {nom: texte.encode() for nom, texte in pages.items()}
    return fichiers | {nom: (ICI / nom).read_bytes() for nom in FICHIERS}


def nommer_page(regle: Regle) -> str:
    """Rend le nom de fichier de la page d'une règle ; une version remplacée garde la sienne."""
    fiche = regle.fiche
    return f"{fiche.id}.html" if fiche.version == 1 else f"{fiche.id}-v{fiche.version}.html"


def _preparer_rendu(paquet: Paquet) -> Any:
    environnement = Environment(
        loader=FileSystemLoader(ICI / "gabarits"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environnement.filters.update(
        date=ecrire_date,
        simplement=ecrire_simplement,
        nom=_nommer_donnee,
        valeur=ecrire_valeur,
        page=nommer_page,
        gabarit=_montrer_gabarit,
        clair=_montrer_clause,
    )
    environnement.globals.update(
        paquet=paquet,
        AXES=AXES,
        CONFIANCES=CONFIANCES,
        CORPUS=LIBELLES_CORPUS,
        COUVERTURES=COUVERTURES,
        GRAVITES=GRAVITES,
        NATURES=NATURES,
        NATURES_D_ENGAGEMENT=NATURES_D_ENGAGEMENT,
        PIECES=PIECES,
        PRISES_EN_CHARGE=PRISES_EN_CHARGE,
        PROVENANCES=PROVENANCES,
        ROLES=ROLES,
        THEMES=THEMES,
        VERDICTS=VERDICTS,
    )

    def rendre(gabarit: str, **valeurs: Any) -> str:
        return environnement.get_template(gabarit).render(**valeurs)

    return rendre


def _nommer_donnee(chemin: str) -> str:
    nom = nommer(CHAMPS[chemin])
    return f"{nom[:1].lower()}{nom[1:]}"


def _montrer_gabarit(texte: str) -> str:
    """Écrit un message de la fiche avec ses variables en clair : « … moins de [seuil] »."""
    return VARIABLE.sub(lambda trouve: f"[{trouve['nom'].removeprefix('.')}]", " ".join(texte.split()))


def _montrer_clause(clause: Clause) -> str:
    """Écrit le texte d'une clause, ses blancs dits par leur libellé ; les alinéas restent."""
    return TROU.sub(lambda trouve: f"[{clause.trous[trouve['nom']].libelle}]", clause.texte)


def _voir(regle: Regle, paquet: Paquet) -> VueDeRegle:
    fiche, parametres = regle.fiche, paquet.parametres

    def dire(arbre: Any) -> Enonce:
        return enoncer(arbre, parametres)

    return VueDeRegle(
        regle=regle,
        concerne=dire(regle.applicable_si) if regle.applicable_si is not None else None,
        verifie=dire(regle.exige),
        derogations=[(d.fiche, dire(d.si), dire(d.justifie_par)) for d in regle.derogations],
        attenue=dire(regle.alerte_si) if regle.alerte_si is not None else None,
        donnees=list(_lister_donnees(regle)),
        clauses=lister_proposables(fiche, paquet.clauses),
        versions=[r for r in paquet.regles if r.fiche.id == fiche.id],
        engagements=[cle for cle, e in paquet.engagements.items() if fiche.id in e.regles],
    )


def _lister_donnees(regle: Regle) -> Iterator[DonneeLue]:
    vues: set[str] = set()
    for arbre in regle.lister_arbres():
        for noeud in parcourir(arbre):
            lecture = noeud.liste if not hasattr(noeud, "lecture") else noeud.lecture
            champ = lecture.champ
            if champ.chemin in vues:
                continue
            vues.add(champ.chemin)
            supposee = lecture.defaut if lecture.defaut is not None else SUPPOSITIONS.get(champ.chemin)
            yield DonneeLue(
                champ.chemin,
                nommer(champ),
                champ.question or "Calculée par l'outil.",
                ecrire_simplement(supposee) if supposee is not None else None,
            )


def _grouper(vues: Iterable[VueDeRegle], cle: str, libelles: Mapping[Any, str]) -> list[tuple[str, list[VueDeRegle]]]:
    groupes: list[tuple[str, list[VueDeRegle]]] = []
    for nom, libelle in libelles.items():
        siennes = [vue for vue in vues if getattr(vue.fiche, cle) == nom]
        if siennes:
            groupes.append((libelle, siennes))
    return groupes


def _lire_parametres(paquet: Paquet) -> dict[str, list[Regle]]:
    lectrices: dict[str, list[Regle]] = {cle: [] for cle in paquet.parametres}
    for regle in paquet.regles:
        for cle in dict.fromkeys(regle.fiche.parametres.values()):
            lectrices[cle].append(regle)
    return lectrices


def _lister_segments(paquet: Paquet, vues: list[VueDeRegle]) -> list[dict[str, Any]]:
    """Rend chaque segment d'achat : ses codes CPV, les règles qui le visent, ses clauses."""
    segments: list[dict[str, Any]] = []
    for cle, entree in paquet.referentiels.get(REFERENTIEL_DES_SEGMENTS, {}).items():
        if isinstance(entree, EntreeCpv):
            segments.append(
                {
                    "cle": cle,
                    "entree": entree,
                    "regles": [
                        vue for vue in vues if f"{REFERENTIEL_DES_SEGMENTS}.{cle}" in _citer_familles(vue.regle)
                    ],
                    "clauses": {i: c for i, c in paquet.clauses.items() if cle in c.segments},
                }
            )
    return segments


def _citer_familles(regle: Regle) -> set[str]:
    noeuds = (noeud for arbre in regle.lister_arbres() for noeud in parcourir(arbre))
    familles = (getattr(noeud, "famille", None) for noeud in noeuds)
    return {famille.nom for famille in familles if famille is not None}


def _relever_doutes(paquet: Paquet, vues: list[VueDeRegle]) -> dict[str, Any]:
    """Rend ce qu'un juriste doit relire : règles de confiance moindre, valeurs inconnues ou contestées."""
    valeurs = [
        (cle, parametre, ligne)
        for cle, parametre in paquet.parametres.items()
        for ligne in parametre.valeurs
        if ligne.valeur is None or ligne.confiance != "haute" or ligne.a_confirmer is not None
    ]
    return {
        "regles": sorted((v for v in vues if v.fiche.confiance != "haute"), key=lambda v: v.fiche.confiance),
        "notees": [v for v in vues if v.fiche.confiance == "haute" and v.fiche.note],
        "valeurs": valeurs,
    }


def _grouper_clauses(paquet: Paquet) -> list[tuple[str, str, list[tuple[str, Any]]]]:
    """Rend les clauses par segment (le premier de chacune), puis par pièce."""
    referentiel = paquet.referentiels.get(REFERENTIEL_DES_SEGMENTS, {})
    libelles = {**SEGMENTS_GENERAUX, **{cle: getattr(entree, "libelle", cle) for cle, entree in referentiel.items()}}
    groupes: list[tuple[str, str, list[tuple[str, Any]]]] = []
    for segment, libelle in libelles.items():
        siennes = [(i, c) for i, c in paquet.clauses.items() if c.segments[0] == segment]
        if siennes:
            groupes.append((segment, libelle, sorted(siennes, key=lambda paire: list(PIECES).index(paire[1].piece))))
    return groupes


def _citer_clauses(vues: list[VueDeRegle]) -> dict[str, list[VueDeRegle]]:
    citations: dict[str, list[VueDeRegle]] = {}
    for vue in vues:
        for clause in vue.clauses:
            citations.setdefault(clause, []).append(vue)
    return citations


def _grouper_engagements(paquet: Paquet) -> list[tuple[str, list[tuple[str, Any]]]]:
    groupes: dict[str, list[tuple[str, Any]]] = {}
    for cle, engagement in paquet.engagements.items():
        groupes.setdefault(engagement.section, []).append((cle, engagement))
    return list(groupes.items())
