"""Medicines that matter to ketamine, as a table of classes matched on ingredient names; edition LIST_EDITION.

What is left of a text after known ingredients, doses and words of use makes it *unmapped*: an `unknown` finding of its
own (MED_UNMAPPED), never "no interaction". Classes and effects: esketamine label (SPRAVATO US PI, drug interactions;
REMS monitoring form), racemic label (KETALAR; MIMS Ketamax), Veraart 2021 and Andrade 2017 reviews.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from screening.models import Finding
from screening.rules.findings import Found, as_policy_has_it, limit
from screening.rules.names import BRANDS, PHRASES, WORDS_OF_USE

LIST_EDITION = "2026-01"
S = Finding.Severity
LABELS = "esketamine and racemic ketamine labels"
REVIEWS = "Veraart 2021, Andrade 2017 (reviews)"


@dataclass(frozen=True)
class DrugClass:
    """One class. `severity` None: known, and without a significant interaction. `routes`: only there does it matter."""

    name: str
    severity: str | None
    effect: str
    source: str
    ingredients: frozenset[str]
    depressant: bool = False
    routes: frozenset[str] = frozenset()


def _class(
    name: str, severity: str | None, effect: str, source: str, ingredients: str, **more: Any
) -> DrugClass:
    return DrugClass(name, severity, effect, source, frozenset(ingredients.split()), **more)


CLASSES: tuple[DrugClass, ...] = (
    _class(
        "maoi", S.RELATIVE, "MAO inhibitor: blood pressure may rise; watch it more closely.", LABELS,
        "tranylcypromine phenelzine selegiline isocarboxazid rasagiline moclobemide safinamide linezolid "
        "methylene-blue",
    ),
    _class(
        "benzodiazepine", S.RELATIVE, "Benzodiazepine: more sedation, shorter effect; say when to take it.",
        f"{LABELS}; {REVIEWS}",
        "alprazolam bromazepam chlordiazepoxide clobazam clonazepam clorazepate diazepam estazolam flurazepam "
        "lorazepam midazolam oxazepam quazepam temazepam triazolam",
        depressant=True,
    ),
    _class(
        "cns_depressant", S.RELATIVE, "CNS depressant: sedation, slower breathing, longer recovery.", LABELS,
        "buprenorphine butorphanol codeine fentanyl hydrocodone hydromorphone levorphanol meperidine methadone "
        "morphine nalbuphine oxycodone oxymorphone pentazocine tapentadol tramadol zolpidem zaleplon "
        "eszopiclone zopiclone oxybate alcohol ethanol gabapentin pregabalin diphenhydramine hydroxyzine "
        "doxylamine promethazine chlorpheniramine cyproheptadine chlorpromazine prochlorperazine perphenazine "
        "fluphenazine thioridazine trifluoperazine baclofen carisoprodol chlorzoxazone cyclobenzaprine "
        "dantrolene metaxalone methocarbamol orphenadrine tizanidine amobarbital butalbital pentobarbital "
        "phenobarbital primidone secobarbital",
        depressant=True,
    ),
    _class(
        "stimulant", S.RELATIVE, "Stimulant or pressor: blood pressure and heart rate rise; hold the morning dose "
        "if ordered.", LABELS,
        "amphetamine dextroamphetamine lisdexamfetamine methamphetamine methylphenidate dexmethylphenidate "
        "modafinil armodafinil phentermine pseudoephedrine phenylephrine ephedrine epinephrine midodrine "
        "oxymetazoline xylometazoline vasopressin",
    ),
    _class(
        "theophylline", S.RELATIVE, "Theophylline: lower seizure threshold; do not go on without an alternative to it.",
        "racemic ketamine label", "theophylline aminophylline",
    ),
    _class(
        "cyp_inhibitor", S.RELATIVE, "CYP3A4 or CYP2B6 inhibitor: higher exposure, a lower dose may be needed.",
        "UK and PH ketamine labels; Andrade 2017",
        "ketoconazole itraconazole voriconazole posaconazole fluconazole clarithromycin erythromycin "
        "telithromycin ritonavir cobicistat nelfinavir indinavir saquinavir atazanavir darunavir nefazodone "
        "fluvoxamine grapefruit diltiazem verapamil ticlopidine clopidogrel thiotepa orphenadrine",
    ),
    _class(
        "cyp_inducer", S.INFO, "CYP3A4 or CYP2B6 inducer: lower exposure.", "UK and PH ketamine labels; Andrade 2017",
        "rifampin rifampicin rifabutin carbamazepine oxcarbazepine phenytoin fosphenytoin phenobarbital "
        "primidone efavirenz nevirapine enzalutamide st-johns-wort",
    ),
    _class("lamotrigine", S.INFO, "Lamotrigine: may attenuate effects.", REVIEWS, "lamotrigine"),
    _class(
        "opioid_antagonist", S.INFO, "Opioid antagonist: blocked the antidepressant effect in one trial.",
        "Williams 2018 (one trial)", "naltrexone naloxone nalmefene samidorphan",
    ),
    _class(
        "antihypertensive", S.INFO, "Antihypertensive: take as usual, confirm on the day that it was taken.", LABELS,
        "lisinopril enalapril benazepril ramipril quinapril captopril fosinopril perindopril trandolapril "
        "losartan valsartan olmesartan irbesartan candesartan telmisartan azilsartan amlodipine nifedipine "
        "felodipine nicardipine diltiazem verapamil metoprolol atenolol propranolol carvedilol bisoprolol "
        "nebivolol labetalol nadolol hydrochlorothiazide chlorthalidone furosemide torsemide spironolactone "
        "indapamide triamterene clonidine guanfacine prazosin doxazosin terazosin hydralazine minoxidil "
        "methyldopa",
    ),
    _class(
        "thyroid", S.INFO, "Thyroid hormone: blood pressure and heart rate may rise.", "racemic ketamine label",
        "levothyroxine liothyronine liotrix thyroid",
    ),
    _class(
        "antipsychotic", S.INFO, "Antipsychotic: may blunt effects; ask about psychosis, now and in the past.", REVIEWS,
        "clozapine haloperidol risperidone paliperidone olanzapine quetiapine aripiprazole brexpiprazole "
        "cariprazine lurasidone lumateperone ziprasidone asenapine iloperidone loxapine molindone pimozide "
        "chlorpromazine perphenazine fluphenazine thioridazine trifluoperazine",
    ),
    _class(
        "nasal", S.INFO, "Nasal steroid or decongestant: give at least 1 h before the dose.", "esketamine label",
        "fluticasone mometasone budesonide beclomethasone triamcinolone flunisolide oxymetazoline "
        "xylometazoline",
        routes=frozenset({"intranasal"}),
    ),
    _class(
        "no_interaction", None, "No significant interaction known.", REVIEWS,
        "lithium sertraline fluoxetine citalopram escitalopram paroxetine venlafaxine desvenlafaxine duloxetine "
        "milnacipran levomilnacipran",
    ),
)  # fmt: skip
BY_NAME: Mapping[str, DrugClass] = {row.name: row for row in CLASSES}
INGREDIENTS: Mapping[str, frozenset[str]] = {
    word: frozenset(row.name for row in CLASSES if word in row.ingredients)
    for word in sorted({word for row in CLASSES for word in row.ingredients})
}
_WORD = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")


@dataclass(frozen=True)
class Mapped:
    """What a text names: ingredients of the table, their classes, and whether that was all it said."""

    ingredients: frozenset[str]
    classes: tuple[str, ...]
    is_mapped: bool


@dataclass(frozen=True)
class Listed:
    """One entry of the client's list."""

    id: UUID | None
    text: str


def _words(text: str) -> list[str]:
    plain = " ".join(text.casefold().replace("’", "'").replace(".", " ").split())
    for phrase, name in PHRASES.items():
        plain = plain.replace(phrase, f" {name} ")
    found = []
    for word in _WORD.findall(plain):
        found += [word] if word in INGREDIENTS else re.split(r"[-']", word)
    return found


def read(text: str) -> Mapped:
    """The ingredients and classes of one text, e.g. "Xanax 0.5 mg at bedtime"."""
    ingredients: set[str] = set()
    strange = False
    for word in _words(text):
        names = [name for name in BRANDS.get(word, word).split() if name in INGREDIENTS]
        ingredients.update(names)
        strange = strange or not (names or word in WORDS_OF_USE)
    classes = {name for ingredient in ingredients for name in INGREDIENTS[ingredient]}
    return Mapped(frozenset(ingredients), tuple(sorted(classes)), bool(ingredients) and not strange)


def medicine_findings(listed: Sequence[Listed], *, route: str, limits: Mapping[str, Any]) -> list[Found]:
    """What the client's list says: one finding per class, one per text that was not understood in full."""
    texts: dict[str, list[str]] = {}
    depressants: set[str] = set()
    found = []
    for entry in listed:
        mapped = read(entry.text)
        if not mapped.is_mapped:
            evidence = f"Not in the interaction list of {LIST_EDITION}: {entry.text}"
            found.append(Found("MED_UNMAPPED", S.UNKNOWN, evidence, "interaction list", entry.id))
        for name in mapped.classes:
            texts.setdefault(name, []).append(entry.text)
        depressants |= {i for i in mapped.ingredients if any(BY_NAME[c].depressant for c in INGREDIENTS[i])}
    for row in CLASSES:
        if row.severity is not None and row.name in texts and (not row.routes or route in row.routes):
            code = f"MED_{row.name.upper()}"
            evidence = f"{row.effect} Listed: {'; '.join(texts[row.name])}."
            found.append(Found(code, as_policy_has_it(code, row.severity, limits), evidence, row.source))
    return found + _several(depressants, limits)


def _several(depressants: set[str], limits: Mapping[str, Any]) -> list[Found]:
    """Two or more depressants add up (labels: close watch): a finding of its own, which needs words of its own."""
    if len(depressants) < limit(limits, "cns_depressants_many"):
        return []
    severity = as_policy_has_it("MED_CNS_DEPRESSANTS_COMBINED", S.RELATIVE, limits)
    evidence = f"Several CNS depressants together: {', '.join(sorted(depressants))}."
    return [Found("MED_CNS_DEPRESSANTS_COMBINED", severity, evidence, LABELS)]
