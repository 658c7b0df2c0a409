"""The words of the scales that a client may read on their own phone; every other scale is asked by its numbers.

PHQ-9 and GAD-7: developed by Drs. Robert L. Spitzer, Janet B.W. Williams, Kurt Kroenke and colleagues, with an
educational grant from Pfizer Inc. No permission is required to reproduce, translate, display or distribute them; the
Spanish words are those of the published translations. No other wording is kept: it belongs to others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from screening.rules.instruments import INSTRUMENTS


@dataclass(frozen=True)
class Item:
    """One item: its words (none: it is asked by its number), and the words of its answers from 0 on."""

    number: int
    text: str
    answers: tuple[str, ...]
    optional: bool = False


@dataclass(frozen=True)
class Wording:
    """A scale in one language: what it asks, its items, its answers, and the item that is not scored."""

    lead: str
    items: tuple[str, ...]
    answers: tuple[str, ...]
    unscored: str
    unscored_answers: tuple[str, ...]
    notice: str


NAMES: Mapping[str, str] = {
    "phq9": "PHQ-9",
    "gad7": "GAD-7",
    "pcl5": "PCL-5",
    "audit_c": "AUDIT-C",
    "dast10": "DAST-10",
    "qids_sr16": "QIDS-SR16",
}
_EN_NOTICE = (
    "Developed by Drs. Robert L. Spitzer, Janet B.W. Williams, Kurt Kroenke and colleagues, with an educational grant "
    "from Pfizer Inc. No permission required to reproduce, translate, display or distribute."
)
_ES_NOTICE = (
    "Elaborado por los doctores Robert L. Spitzer, Janet B.W. Williams, Kurt Kroenke y colegas, mediante una "
    "subvención educativa otorgada por Pfizer Inc. No se requiere permiso para reproducir, traducir, presentar o "
    "distribuir."
)
_EN_LEAD = "Over the last 2 weeks, how often have you been bothered by any of the following problems?"
_ES_LEAD = (
    "Durante las últimas 2 semanas, ¿qué tan seguido ha tenido molestias debido a los siguientes problemas?"
)
_EN_OFTEN = ("Not at all", "Several days", "More than half the days", "Nearly every day")
_ES_OFTEN = ("Ningún día", "Varios días", "Más de la mitad de los días", "Casi todos los días")
WORDINGS: Mapping[tuple[str, str], Wording] = {
    ("phq9", "en"): Wording(
        _EN_LEAD,
        (
            "Little interest or pleasure in doing things",
            "Feeling down, depressed, or hopeless",
            "Trouble falling or staying asleep, or sleeping too much",
            "Feeling tired or having little energy",
            "Poor appetite or overeating",
            "Feeling bad about yourself — or that you are a failure or have let yourself or your family down",
            "Trouble concentrating on things, such as reading the newspaper or watching television",
            "Moving or speaking so slowly that other people could have noticed? Or the opposite — being so fidgety "
            "or restless that you have been moving around a lot more than usual",
            "Thoughts that you would be better off dead or of hurting yourself in some way",
        ),
        _EN_OFTEN,
        "If you checked off any problems, how difficult have these problems made it for you to do your work, take "
        "care of things at home, or get along with other people?",
        ("Not difficult at all", "Somewhat difficult", "Very difficult", "Extremely difficult"),
        _EN_NOTICE,
    ),
    ("phq9", "es"): Wording(
        _ES_LEAD,
        (
            "Poco interés o placer en hacer cosas",
            "Se ha sentido decaído(a), deprimido(a) o sin esperanzas",
            "Ha tenido dificultad para quedarse o permanecer dormido(a), o ha dormido demasiado",
            "Se ha sentido cansado(a) o con poca energía",
            "Sin apetito o ha comido en exceso",
            "Se ha sentido mal con usted mismo(a) – o que es un fracaso o que ha quedado mal con usted mismo(a) o con "
            "su familia",
            "Ha tenido dificultad para concentrarse en ciertas actividades, tales como leer el periódico o ver la "
            "televisión",
            "¿Se ha movido o hablado tan lento que otras personas podrían haberlo notado? o lo contrario – muy "
            "inquieto(a) o agitado(a) que ha estado moviéndose mucho más de lo normal",
            "Pensamientos de que estaría mejor muerto(a) o de lastimarse de alguna manera",
        ),
        _ES_OFTEN,
        "Si marcó cualquiera de los problemas, ¿qué tanta dificultad le han dado estos problemas para hacer su "
        "trabajo, encargarse de las tareas del hogar, o llevarse bien con otras personas?",
        ("No ha sido difícil", "Un poco difícil", "Muy difícil", "Extremadamente difícil"),
        _ES_NOTICE,
    ),
    ("gad7", "en"): Wording(
        _EN_LEAD,
        (
            "Feeling nervous, anxious or on edge",
            "Not being able to stop or control worrying",
            "Worrying too much about different things",
            "Trouble relaxing",
            "Being so restless that it is hard to sit still",
            "Becoming easily annoyed or irritable",
            "Feeling afraid as if something awful might happen",
        ),
        _EN_OFTEN,
        "",
        (),
        _EN_NOTICE,
    ),
    ("gad7", "es"): Wording(
        _ES_LEAD,
        (
            "Se ha sentido nervioso(a), ansioso(a) o con los nervios de punta",
            "No ha sido capaz de parar o controlar su preocupación",
            "Se ha preocupado demasiado por motivos diferentes",
            "Ha tenido dificultad para relajarse",
            "Se ha sentido tan inquieto(a) que no ha podido quedarse quieto(a)",
            "Se ha molestado o irritado fácilmente",
            "Ha tenido miedo de que algo terrible fuera a pasar",
        ),
        _ES_OFTEN,
        "",
        (),
        _ES_NOTICE,
    ),
}
_YES_NO: Mapping[str, tuple[str, str]] = {"en": ("No", "Yes"), "es": ("No", "Sí")}


def items_of(instrument: str, language: str) -> list[Item]:
    """The items that the page asks, in the scale's order; those of a scale without words here by their numbers."""
    shape, wording = INSTRUMENTS[instrument], WORDINGS.get((instrument, language))
    if wording is None:
        plain = _YES_NO[language] if shape.high == 1 else tuple(str(n) for n in range(shape.high + 1))
        return [Item(n, "", plain) for n in range(1, shape.items + 1)]
    items = [Item(n, text, wording.answers) for n, text in enumerate(wording.items, 1)]
    if wording.unscored:
        items.append(Item(len(items) + 1, wording.unscored, wording.unscored_answers, optional=True))
    return items
