"""Rédiger le rapport : de l'issue de chaque règle au constat que lit l'acheteur."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.regles.conditions import Feuille, Lecture, parcourir
from services.regles.demandes import generaliser, nommer_donnee, rassembler_demandes
from services.regles.faits import SUPPOSITIONS, Donnees, Faits
from services.regles.fiches import Corpus, NomVerdict
from services.regles.fop import Fop
from services.regles.lecture_fop import empreinte
from services.regles.messages import INSECABLE, composer, ecrire_date
from services.regles.moteur.port import ERREUR, Issue
from services.regles.paquet import Cadrage, Paquet
from services.regles.rapport import (
    AVERTISSEMENT,
    Constat,
    DerogationInvoquee,
    Detail,
    FopJugee,
    MoteurCite,
    Notice,
    PaquetCite,
    Rapport,
    ReferenceCitee,
    RegleCitee,
    RemedePropose,
    Supposition,
    compter,
    garder_une_version,
    ordonner,
    synthetiser,
)
from services.regles.regle import Regle
from services.regles.remedes import ClauseProposee, Clausier, reunir
from services.regles.trace import Dossier, choisir_parties_en_suspens, proteger, relever_absents, tracer

journal = logging.getLogger("verifop.regles")

DATES_GARDEES = 256
"""Dates dont chaque règle garde les mentions préparées."""
MESSAGES_GENERIQUES: dict[NomVerdict, str] = {
    "hors_periode": "La règle n'est pas en vigueur à la date de référence.",
    "non_applicable": "La règle ne s'applique pas à cette consultation.",
    "conforme": "La règle est respectée.",
    "ecart": "La règle n'est pas respectée.",
    "alerte": "La règle n'est pas respectée ; elle n'oblige pas.",
    "derogation": "La règle n'est pas respectée ; une dérogation motivée est invoquée.",
    "indetermine": "Il manque de quoi conclure.",
    "erreur": "La règle n'a pas pu être jugée : ne pas en tirer de conclusion, prévenir l'administrateur.",
}
PROPOSENT_DES_CLAUSES: frozenset[NomVerdict] = frozenset({"ecart", "alerte"})
AXES_DE_PROCEDURE = frozenset({"procedure", "acces_entreprises"})
"""Axes dont le remède peut être de changer de procédure : ne pas écarter les pièces de l'autre."""
SCHEMAS: Mapping[str, Corpus] = {
    "vra_2023_2026": "spaser_vra",
    "vra_2023_2026_allege": "spaser_vra",
    "drome_2025_2028": "spaser_drome",
}
"""Le corpus du schéma qui engage l'acheteur."""
SANS_SUITE: frozenset[NomVerdict] = frozenset({"hors_periode", "non_applicable"})


@dataclass(frozen=True, slots=True)
class Redacteur:
    """Ce dont toute rédaction a besoin et qui ne change pas d'une vérification à l'autre."""

    paquet: Paquet
    clausier: Clausier
    cartes: Mapping[str, "Carte"]
    moteur: str
    degrade: bool


class Carte:
    """Ce qui, d'une règle, ne change pas d'une vérification à l'autre : préparé une fois."""

    def __init__(self, regle: Regle) -> None:
        fiche = regle.fiche
        references = [
            ReferenceCitee(r.texte, r.article, r.role, r.url, r.piece, r.provenance, r.confiance)
            for r in fiche.references
        ]
        self.citee = RegleCitee(
            id=fiche.id,
            version=fiche.version,
            titre=fiche.titre,
            question_metier=fiche.question_metier,
            corpus=fiche.corpus,
            axe=fiche.axe,
            nature=fiche.nature,
            effet_du=fiche.effet.du,
            effet_au=fiche.effet.au,
            references=references,
            note=fiche.note,
            couverture=fiche.couverture,
            confiance=fiche.confiance,
            relecture_juridique=fiche.relecture_juridique,
        )
        premiere = next((r for r in references if r.role == "fondement"), references[0])
        self.fondement = f"{premiere.texte}, {premiere.article}"
        noeuds = [noeud for arbre in regle.lister_arbres() for noeud in parcourir(arbre)]
        lectures = [noeud.lecture if isinstance(noeud, Feuille) else noeud.liste for noeud in noeuds]
        self.mentions: dict[date | None, list[str]] = {}
        self.questions = {
            chemin.removeprefix("."): donnee.question
            for chemin, donnee in fiche.donnees.items()
            if donnee.question is not None
        }
        self.supposables = {
            (lecture.portee, lecture.cle): lecture
            for lecture in lectures
            if lecture.defaut is not None or (lecture.portee == "consultation" and lecture.cle in SUPPOSITIONS)
        }.values()


class Redaction:
    """Compose le rapport d'une vérification, constat après constat."""

    def __init__(self, redacteur: Redacteur, fop: Fop, faits: Faits, cadrage: Cadrage, detail: Detail) -> None:
        self._redacteur = redacteur
        self._fop = fop
        self._faits = faits
        self._cadrage = cadrage
        self._complet = detail == "complet"
        self._constats: list[Constat] = []
        self._propositions: dict[int, list[ClauseProposee]] = {}
        self._sans_enjeu: set[int] = set()
        self._suppositions: dict[str, Supposition] = {}
        self._citees: dict[str, RegleCitee] = {}
        self._regles: dict[str, Regle] = {}
        self._questions: dict[str, str] = {}
        # De deux dérogations pour une même règle, celle qui est motivée compte.
        declarees = sorted(fop.derogations or (), key=lambda d: bool(d.motif))
        self._assumees = {d.regle: d for d in declarees if d.regle is not None}
        self._notices = [Notice("incoherence", texte) for texte in faits.notices]

    def ajouter(self, regle: Regle, issue: Issue, rang_lot: int | None) -> None:
        """Ajoute le constat d'une règle sur la consultation ou sur un lot ; une panne y devient une `erreur`."""
        self._regles[regle.fiche.cle] = regle
        try:
            self._constater(regle, issue, rang_lot)
        except Exception:
            journal.exception("règle %s : panne en rédigeant le constat", regle.fiche.cle)
            self._constater(regle, ERREUR, rang_lot)

    def _constater(self, regle: Regle, issue: Issue, rang_lot: int | None) -> None:
        fiche = regle.fiche
        verdict, derogation = self._qualifier(regle, issue)
        a_examiner = (self._complet or verdict == "indetermine") and verdict != "erreur"
        dossier = Dossier(regle, self._faits, self._cadrage, rang_lot) if a_examiner else None
        a_demander: list[str] = []
        parametres_absents: list[str] = []
        facultatif = tenue = False
        jour = self._cadrage.dates[regle.groupe]
        if verdict == "indetermine" and dossier is not None:
            attenuee, exige = dossier.trouver("alerte_si"), dossier.trouver("exige")
            # L'exigence est déjà tenue : la règle sera respectée, ou ne s'appliquera pas. Rien ne dépend de la réponse.
            tenue = exige is not None and exige.resultat is True
            facultatif = tenue or fiche.sans_ecart or (attenuee is not None and attenuee.resultat is True)
            a_demander, parametres_absents = relever_absents(choisir_parties_en_suspens(regle, dossier))
            if jour is None:
                # Sans date, aucun seuil n'a de valeur : c'est la date qu'il faut, pas les seuils.
                a_demander = list(dict.fromkeys([fiche.effet.date_de_reference[-1], *a_demander]))
                parametres_absents = []
        propositions, remede = self._remedier(regle, issue, verdict, rang_lot)
        carte = self._redacteur.cartes[fiche.cle]
        if verdict not in SANS_SUITE:
            self._relever_suppositions(fiche.id, carte, rang_lot)
        if self._complet or verdict not in SANS_SUITE:
            self._citees[fiche.cle] = carte.citee
        for chemin in a_demander:
            question = carte.questions.get(generaliser(chemin).removeprefix("lots[]."))
            if question is not None:
                self._questions.setdefault(generaliser(chemin), question)
        constat = Constat(
            regle=fiche.id,
            version=fiche.version,
            titre=fiche.titre,
            famille=fiche.famille,
            nature=fiche.nature,
            gravite=fiche.gravite,
            lot=self._faits.numeros[rang_lot] if rang_lot is not None else None,
            verdict=verdict,
            message=self._dire(regle, issue, verdict, derogation, rang_lot, a_demander, parametres_absents),
            fondement=carte.fondement,
            date_de_reference=jour,
            a_demander=a_demander,
            parametres_absents=parametres_absents,
            derogation=derogation,
            remede=remede,
            facultatif=facultatif,
            mentions=[] if verdict in SANS_SUITE else self._mentionner(regle, carte, jour),
            trace=tracer(dossier) if self._complet and dossier is not None else None,
        )
        self._constats.append(constat)
        self._propositions[id(constat)] = propositions
        if tenue:
            self._sans_enjeu.add(id(constat))

    def _remedier(
        self, regle: Regle, issue: Issue, verdict: NomVerdict, rang_lot: int | None
    ) -> tuple[list[ClauseProposee], RemedePropose | None]:
        """Rend les clauses à proposer et le remède : pour une violation, et pour ce que justifie une dérogation."""
        remede, clausier = regle.fiche.remede, self._redacteur.clausier
        if verdict in PROPOSENT_DES_CLAUSES:
            toute_piece = regle.fiche.axe in AXES_DE_PROCEDURE
            elements = self._choisir_elements(rang_lot)
            proposees = [clausier.choisir(remede, element, toute_piece=toute_piece) for element in elements]
            choisies = list(dict.fromkeys(clause for clauses in proposees for clause in clauses))
        elif verdict == "derogation" and issue.verdict == "derogation":
            choisies = regle.derogations[issue.derogation].fiche.clauses
        elif verdict == "indetermine":
            return [], RemedePropose(remede.action, list(remede.ou), [])
        else:
            return [], None
        propositions = [
            clausier.proposer(i, self._faits, self._cadrage, rang_lot, regle.fiche.id, regle.groupe) for i in choisies
        ]
        if verdict == "derogation":
            return propositions, None
        return propositions, RemedePropose(remede.action, list(remede.ou), choisies)

    def _choisir_elements(self, rang_lot: int | None) -> Sequence[Donnees]:
        """Rend ce dont le segment choisit les clauses : le lot, ou la consultation et ses lots, sans doublon."""
        if rang_lot is not None:
            return (self._faits.lots[rang_lot],)
        elements = (self._faits.consultation, *self._faits.lots)
        if any("cpv" in element for element in elements):
            elements = tuple(element for element in elements if "cpv" in element)
        return tuple({(e.get("cpv"), e.get("nature"), e.get("procedure")): e for e in elements}.values())

    def _qualifier(self, regle: Regle, issue: Issue) -> tuple[NomVerdict, DerogationInvoquee | None]:
        """Rend le verdict du rapport : celui du moteur, sauf engagement local que l'acheteur assume par écrit."""
        invoquee: DerogationInvoquee | None = None
        if issue.derogation >= 0:
            fiche = regle.derogations[issue.derogation].fiche
            motivee = issue.verdict == "derogation"
            invoquee = DerogationInvoquee(fiche.id, fiche.titre, fiche.reference, None, motivee)
        assumee = self._assumees.get(regle.fiche.id)
        if (
            issue.verdict == "ecart"
            and assumee is not None
            and assumee.motif
            and regle.fiche.nature == "engagement_local"
        ):
            titre = "Écart assumé par l'acheteur"
            return "derogation", DerogationInvoquee(f"{regle.fiche.id}-ACHETEUR", titre, None, assumee.motif, True)
        return issue.verdict, invoquee

    def _dire(
        self,
        regle: Regle,
        issue: Issue,
        verdict: NomVerdict,
        derogation: DerogationInvoquee | None,
        rang_lot: int | None,
        a_demander: list[str],
        parametres_absents: list[str],
    ) -> str:
        messages = regle.fiche.messages
        if derogation is not None and derogation.motif is not None:
            return f"{derogation.titre} : {derogation.motif}"
        if issue.derogation >= 0 and verdict in PROPOSENT_DES_CLAUSES and messages.derogation_incomplete is not None:
            gabarit: str | None = messages.derogation_incomplete
        else:
            gabarit = getattr(messages, verdict, None)
        if gabarit is None:
            return MESSAGES_GENERIQUES[verdict]
        if "{{" not in gabarit:
            return gabarit.strip()
        invoquee = regle.derogations[issue.derogation].fiche if issue.derogation >= 0 else None

        def trouver(nom: str) -> Any:
            if nom == "a_demander":
                return [*map(nommer_donnee, a_demander), *map(self._nommer_parametre, parametres_absents)]
            if nom in regle.fiche.parametres:
                seuil = self._cadrage.valeurs[regle.groupe].get(regle.fiche.parametres[nom])
                return seuil.valeur if seuil is not None else None
            if nom == "date_de_reference":
                return self._cadrage.dates[regle.groupe]
            if nom.startswith("effet."):
                return getattr(regle.fiche.effet, nom[6:], None)
            if nom.startswith("derogation."):
                return getattr(invoquee, nom[11:], None)
            if nom == "lot.numero":
                return self._faits.numeros[rang_lot] if rang_lot is not None else None
            if nom.startswith((".", "lot.")):
                return self._faits.lots[rang_lot].get(nom.partition(".")[2]) if rang_lot is not None else None
            return self._faits.consultation.get(nom)

        return composer(gabarit, trouver)

    def _nommer_parametre(self, cle: str) -> str:
        libelle = self._redacteur.paquet.parametres[cle].libelle
        return f"la valeur à cette date de «{INSECABLE}{libelle}{INSECABLE}»"

    def _mentionner(self, regle: Regle, carte: Carte, jour: date | None) -> list[str]:
        """Rend les mentions d'une règle à une date ; elles ne dépendent de rien d'autre, et se préparent une fois."""
        mentions = carte.mentions.get(jour)
        if mentions is None:
            if len(carte.mentions) >= DATES_GARDEES:
                carte.mentions.clear()
            mentions = carte.mentions[jour] = self._composer_mentions(regle, jour)
        return list(mentions)

    def _composer_mentions(self, regle: Regle, jour: date | None) -> list[str]:
        mentions = [m.texte for m in regle.fiche.mentions if jour is not None and m.depuis <= jour]
        a_confirmer: dict[str, list[str]] = {}
        for cle in regle.fiche.parametres.values():
            seuil = self._cadrage.valeurs[regle.groupe].get(cle)
            if seuil is None or (seuil.mention is None and seuil.confiance == "haute"):
                continue
            texte = seuil.mention or f"valeur de confiance {seuil.confiance}, à vérifier"
            a_confirmer.setdefault(texte, []).append(self._redacteur.paquet.parametres[cle].libelle)
        mentions += [f"À confirmer ({' ; '.join(libelles)}) : {texte}" for texte, libelles in a_confirmer.items()]
        if regle.fiche.confiance != "haute":
            objet = "point de droit" if regle.fiche.famille == "loi" else "lecture du texte"
            mentions.append(f"Règle de confiance {regle.fiche.confiance} : {objet} à confirmer.")
        return mentions

    def _relever_suppositions(self, regle: str, carte: Carte, rang_lot: int | None) -> None:
        for lecture in carte.supposables:
            for chemin, valeur in self._lister_supposees(lecture, rang_lot):
                supposition = self._suppositions.setdefault(chemin, Supposition(chemin, valeur, []))
                if regle not in supposition.regles:
                    supposition.regles.append(regle)

    def _lister_supposees(self, lecture: Lecture, rang_lot: int | None) -> Iterator[tuple[str, Any]]:
        """Rend les endroits de la FOP où cette lecture a pris une valeur supposée."""
        donnees = self._faits.consultation
        if lecture.defaut is None:
            if self._faits.provenances.get(lecture.cle) == "suppose":
                yield lecture.cle, donnees[lecture.cle]
        elif lecture.portee != "element":
            if lecture.cle not in donnees:
                yield lecture.cle, lecture.defaut
        else:
            parent = lecture.champ.chemin.rpartition("[].")[0]
            for debut, element in self._parcourir_elements(parent, rang_lot):
                if lecture.cle not in element:
                    yield f"{debut}.{lecture.cle}" if debut else lecture.cle, lecture.defaut

    def _parcourir_elements(self, liste: str, rang_lot: int | None) -> Iterator[tuple[str, Donnees]]:
        """Rend les éléments d'une liste (`lots`, `criteres`, `lots[].criteres`) et le début de leur chemin."""
        if liste != "lots" and not liste.startswith("lots[]."):
            for rang, element in enumerate(self._faits.consultation.get(liste) or (), start=1):
                yield f"{liste}[{rang}]", element
            return
        interne = liste.removeprefix("lots").removeprefix("[].")
        for rang, lot in enumerate(self._faits.lots):
            if rang_lot is not None and rang != rang_lot:
                continue
            numero = self._faits.numeros[rang]
            debut = "" if numero is None else f"lots[{proteger(numero)}]"
            if not interne:
                yield debut, lot
            for position, element in enumerate(lot.get(interne) or (), start=1) if interne else ():
                yield f"{debut}.{interne}[{position}]" if debut else f"{interne}[{position}]", element

    def _noter_acheteur(self) -> None:
        if self._faits.provenances.get("acheteur.spaser") == "suppose":
            texte = (
                "L'acheteur n'est pas au référentiel des acheteurs connus : aucun schéma d'achats responsables ne lui "
                "est appliqué. S'il en a un, renseigner acheteur.spaser."
            )
            self._notices.append(Notice("acheteur_inconnu", texte))

    def _noter_echeances(self, constats: list[Constat]) -> None:
        """Un schéma échu, et que rien ne remplace, se dit une fois."""
        for constat in constats:
            regle = self._regles[f"{constat.regle}@{constat.version}"]
            effet, jour = regle.fiche.effet, constat.date_de_reference
            if constat.verdict != "hors_periode" or effet.apres_terme != "signaler" or not self._engager(regle):
                continue
            if effet.au is not None and jour is not None and jour > effet.au:
                nom = regle.fiche.references[0].texte
                texte = f"{nom} : schéma échu le {ecrire_date(effet.au)}, renouvellement inconnu de l'outil."
                if texte not in [notice.texte for notice in self._notices]:
                    self._notices.append(Notice("schema_echu", texte))

    def _engager(self, regle: Regle) -> bool:
        """Dit si le schéma de la règle est celui de l'acheteur ; une règle qui n'est pas d'un schéma engage chacun."""
        if regle.fiche.famille != "engagement_local":
            return True
        return SCHEMAS.get(self._faits.consultation.get("acheteur.spaser", "")) == regle.fiche.corpus

    def _noter_derogations(self) -> None:
        for identifiant, derogation in self._assumees.items():
            regle = self._redacteur.paquet.trouver_regle(identifiant)
            if regle is None:
                raison = "aucune règle du paquet ne porte cet identifiant"
            elif regle.fiche.nature != "engagement_local":
                raison = "seul un engagement local peut être assumé ; la loi prévoit elle-même ses dérogations"
            elif not derogation.motif:
                raison = "le motif est vide"
            else:
                continue
            nom = identifiant if regle is not None else "inconnue"
            self._notices.append(Notice("derogation_irrecevable", f"Dérogation écartée ({nom}) : {raison}."))

    def conclure(self, date_simulee: date | None) -> Rapport:
        """Rend le rapport complet."""
        paquet = self._redacteur.paquet
        constats = ordonner(garder_une_version(self._constats))
        self._noter_acheteur()
        self._noter_derogations()
        self._noter_echeances(constats)
        if self._redacteur.degrade:
            self._notices.append(
                Notice("moteur", "Un seul moteur a jugé : durable-rules n'est pas installé sur cette machine.")
            )
        if date_simulee is not None:
            self._notices.append(
                Notice(
                    "simulation",
                    f"Simulation : comme si la consultation était lancée le {ecrire_date(date_simulee)}.",
                )
            )
        donnees = self._faits.consultation
        en_jeu = [constat for constat in constats if id(constat) not in self._sans_enjeu]
        demandes, suivantes = rassembler_demandes(en_jeu, self._questions)
        demandees = {demande.chemin for demande in demandes}
        return Rapport(
            format=1,
            fop=FopJugee(donnees.get("reference"), donnees["objet"], donnees.get("acheteur.nom"), empreinte(self._fop)),
            paquet=PaquetCite(paquet.nom, paquet.version, paquet.empreinte),
            moteur=MoteurCite(self._redacteur.moteur, self._redacteur.degrade),
            date_de_reference=donnees.get("date_lancement"),
            simulation=date_simulee is not None,
            syntheses=synthetiser(constats),
            comptes=compter(constats),
            constats=constats,
            regles=list(self._citees.values()),
            a_demander=demandes,
            demandes_suivantes=suivantes,
            clauses=reunir(p for constat in constats for p in self._propositions[id(constat)]),
            # Ce qui se demande n'a pas à être annoncé comme supposé : la réponse tranchera.
            suppositions=[s for s in self._suppositions.values() if generaliser(s.chemin) not in demandees],
            notices=self._notices,
            avertissement=AVERTISSEMENT,
        )
