"""The screening's questions as a client reads them: each condition of the table that is asked, in plain words.

The clinic's own words for `screening.rules.conditions`; yes means that the condition is present, as there.
"""

from __future__ import annotations

from collections.abc import Mapping

# code -> (English, Spanish), in the order in which they are asked
QUESTIONS: Mapping[str, tuple[str, str]] = {
    "CV_UNCONTROLLED_HTN": (
        "Do you have high blood pressure that is not under control?",
        "¿Tiene la presión arterial alta sin controlar?",
    ),
    "CV_ANEURYSM_AVM": (
        "Have you ever been told that you have an aneurysm or malformed blood vessels?",
        "¿Le han dicho alguna vez que tiene un aneurisma o una malformación de los vasos sanguíneos?",
    ),
    "NEURO_ICH": (
        "Have you ever had bleeding inside the brain?",
        "¿Ha tenido alguna vez una hemorragia cerebral?",
    ),
    "ALLERGY_KET": (
        "Are you allergic to ketamine or esketamine, or to something in them?",
        "¿Es alérgico(a) a la ketamina o la esketamina, o a algo que contienen?",
    ),
    "CV_RECENT_MI_CVA": (
        "Have you ever had a heart attack or a stroke? If yes, say when.",
        "¿Ha tenido alguna vez un infarto o un derrame cerebral? Si es así, diga cuándo.",
    ),
    "CV_OTHER": (
        "Do you have any other disease of the heart, or an irregular heartbeat?",
        "¿Tiene alguna otra enfermedad del corazón o latidos irregulares?",
    ),
    "OB_ECLAMPSIA": (
        "Do you have, or have you had, eclampsia or pre-eclampsia (high blood pressure in pregnancy)?",
        "¿Tiene o ha tenido eclampsia o preeclampsia (presión alta en el embarazo)?",
    ),
    "PREG": ("Are you pregnant, or might you be?", "¿Está o podría estar embarazada?"),
    "LACT": ("Are you breastfeeding?", "¿Está amamantando?"),
    "PSY_PSYCHOSIS_CUR": (
        "Do you now hear or see things that others do not, or have you been told that you have schizophrenia?",
        "¿Oye o ve ahora cosas que otros no perciben, o le han dicho que tiene esquizofrenia?",
    ),
    "PSY_PSYCHOSIS_HX": (
        "Have you, or has a parent, brother or sister, ever had a psychosis?",
        "¿Ha tenido usted, o su padre, madre o un hermano, alguna vez una psicosis?",
    ),
    "PSY_MANIA": (
        "Are you now unusually high or speeded up, with little need for sleep?",
        "¿Se siente ahora inusualmente eufórico(a) o acelerado(a), con poca necesidad de dormir?",
    ),
    "PSY_BIPOLAR": (
        "Have you ever been told that you have a bipolar disorder?",
        "¿Le han dicho alguna vez que tiene un trastorno bipolar?",
    ),
    "SUD_ACTIVE": (
        "Do you now have a problem with alcohol or drugs, or have you ever used ketamine or PCP to get high?",
        "¿Tiene ahora un problema con el alcohol o las drogas, o ha usado alguna vez ketamina o PCP para drogarse?",
    ),
    "SUD_HX": (
        "Have you had a problem with alcohol or drugs in the past?",
        "¿Ha tenido en el pasado un problema con el alcohol o las drogas?",
    ),
    "ENDO_HYPERTHYROID": (
        "Do you have an overactive thyroid, or take thyroid medicine?",
        "¿Tiene la tiroides hiperactiva o toma medicina para la tiroides?",
    ),
    "NEURO_ICP": (
        "Do you have raised pressure, a tumor or fluid in the head, or have you had a head injury lately?",
        "¿Tiene presión alta, un tumor o líquido en la cabeza, o ha tenido hace poco una lesión en la cabeza?",
    ),
    "OPHTH": (
        "Do you have glaucoma or raised eye pressure, or have you had eye surgery or an eye injury?",
        "¿Tiene glaucoma o presión alta en los ojos, o ha tenido una cirugía o lesión de los ojos?",
    ),
    "HEP_SEVERE": (
        "Do you have a disease of the liver?",
        "¿Tiene una enfermedad del hígado?",
    ),
    "GU_CYSTITIS": (
        "Do you have pain in the bladder, or have to pass urine very often, or see blood in it?",
        "¿Tiene dolor de vejiga, orina con mucha frecuencia o ve sangre en la orina?",
    ),
    "NEURO_SEIZURE": (
        "Do you have epilepsy, or have you ever had a seizure?",
        "¿Tiene epilepsia o ha tenido alguna vez una convulsión?",
    ),
    "RESP_OSA": (
        "Do you have sleep apnea or a severe lung disease?",
        "¿Tiene apnea del sueño o una enfermedad grave de los pulmones?",
    ),
    "NEURO_COG": (
        "Have you been told that you have dementia, or are you often confused?",
        "¿Le han dicho que tiene demencia, o está a menudo confundido(a)?",
    ),
    "PSY_DISSOC": (
        "Have you been told that you have a dissociative or a personality disorder?",
        "¿Le han dicho que tiene un trastorno disociativo o de la personalidad?",
    ),
    "PSY_SI": (
        "Do you now think of killing yourself, and mean to do it or have a plan?",
        "¿Piensa ahora en quitarse la vida, y tiene la intención de hacerlo o un plan?",
    ),
    "CONSENT": (
        "Does a court or another person decide on this treatment for you?",
        "¿Un tribunal u otra persona decide por usted sobre este tratamiento?",
    ),
}


def question(code: str, language: str) -> str:
    """The words of one question."""
    english, spanish = QUESTIONS[code]
    return spanish if language == "es" else english
