"""What the pages behind a link say, in English and Spanish. Before the birth date they name nobody, and no visit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

LANGUAGES = ("en", "es")

# name -> (English, Spanish)
WORDS: Mapping[str, tuple[str, str]] = {
    "site": ("Your clinic", "Su clínica"),
    "other_language": ("Español", "English"),
    "crisis_title": (
        "In danger, or thinking of ending your life?",
        "¿En peligro, o piensa en quitarse la vida?",
    ),
    "crisis_988": ("Call or text 988", "Llame o mande un texto al 988"),
    "crisis_911": ("Emergency: call 911", "Emergencia: llame al 911"),
    "crisis_hours": (
        "At any hour. What you send here is not read at once.",
        "A cualquier hora. Lo que envíe aquí no se lee enseguida.",
    ),
    "errors_title": ("Please look at this again", "Por favor, revise esto"),
    "send": ("Send", "Enviar"),
    "go_on": ("Go on", "Continuar"),
    "optional": ("(optional)", "(opcional)"),
    # the birth date
    "born_title": ("Who is here?", "¿Quién es usted?"),
    "born_lead": (
        "Enter your date of birth, so that nobody else opens this page.",
        "Escriba su fecha de nacimiento, para que nadie más abra esta página.",
    ),
    "born_legend": ("Date of birth", "Fecha de nacimiento"),
    "month": ("Month", "Mes"),
    "day": ("Day", "Día"),
    "year": ("Year", "Año"),
    "born_bad": ("Enter a whole date: month, day and year.", "Escriba una fecha completa: mes, día y año."),
    "born_wrong": (
        "That is not the date that the clinic has. After five wrong dates this link ends.",
        "Esa no es la fecha que tiene la clínica. Después de cinco fechas incorrectas, este enlace se cierra.",
    ),
    "born_again": (
        "Some time has passed. Enter your date of birth again; what you filled in is kept.",
        "Ha pasado un tiempo. Escriba otra vez su fecha de nacimiento; lo que llenó se conserva.",
    ),
    # over
    "over_title": ("This link is over", "Este enlace ya no sirve"),
    "over_lead": (
        "It was used, it is too old, or it is not needed any more. If you still have to send something, "
        "call the clinic and ask for a new one.",
        "Ya se usó, es demasiado antiguo o ya no hace falta. Si todavía tiene que enviar algo, "
        "llame a la clínica y pida uno nuevo.",
    ),
    "missing_title": ("There is nothing here", "Aquí no hay nada"),
    "missing_lead": (
        "Look whether the whole address was copied, or call the clinic.",
        "Revise si copió toda la dirección, o llame a la clínica.",
    ),
    "broken_title": ("This did not work", "Esto no funcionó"),
    "broken_lead": ("Nothing was sent. Please try again.", "No se envió nada. Inténtelo otra vez."),
    "refused_title": ("This can't be sent now", "Esto no se puede enviar ahora"),
    "refused_lead": (
        "Something has changed at the clinic since this link was sent. Call the clinic; nothing was sent.",
        "Algo cambió en la clínica desde que se envió este enlace. Llame a la clínica; no se envió nada.",
    ),
    # done
    "done_title": ("Thank you. It was sent", "Gracias. Se envió"),
    "done_lead": ("You can close this page.", "Puede cerrar esta página."),
    "danger_title": ("We are worried about you", "Nos preocupa usted"),
    "danger_lead": (
        "Your clinic was told now and will call you. Do not wait for that if you are in danger: call or text 988, "
        "or call 911.",
        "Su clínica acaba de recibir el aviso y le llamará. No espere si está en peligro: llame o mande un texto al "
        "988, o llame al 911.",
    ),
    # scales
    "measure_title": ("Your questionnaire", "Su cuestionario"),
    "numbered": (
        "The clinic gave you this questionnaire on paper, or reads it to you. Choose the number of your answer to "
        "each question, in the same order.",
        "La clínica le dio este cuestionario en papel, o se lo lee. Elija el número de su respuesta a cada pregunta, "
        "en el mismo orden.",
    ),
    "item": ("Question", "Pregunta"),
    "skip": ("I'd rather not answer", "Prefiero no contestar"),
    "choose": ("Choose one answer", "Elija una respuesta"),
    # consent
    "consent_title": ("Please read and sign", "Por favor, lea y firme"),
    "consent_agree": (
        "I have read this document and I agree to it. I agree to sign it electronically.",
        "He leído este documento y estoy de acuerdo. Acepto firmarlo electrónicamente.",
    ),
    "consent_agree_bad": ("Tick this to sign.", "Marque esta casilla para firmar."),
    "consent_name": ("Your full name, as your signature", "Su nombre completo, como firma"),
    "consent_name_bad": ("Type your full name.", "Escriba su nombre completo."),
    "consent_no": (
        "If you do not agree or have questions, close this page and call the clinic.",
        "Si no está de acuerdo o tiene preguntas, cierre esta página y llame a la clínica.",
    ),
    "consent_sign": ("Sign", "Firmar"),
    # the screening's questions
    "intake_title": ("Questions about your health", "Preguntas sobre su salud"),
    "intake_lead": (
        "A clinician goes through your answers with you.",
        "Un profesional de la clínica revisará sus respuestas con usted.",
    ),
    "yes": ("Yes", "Sí"),
    "no": ("No", "No"),
    "unknown": ("I don't know", "No lo sé"),
    "note": ("Say more", "Dé más detalles"),
    "medicines": (
        "All that you take: medicines, also without a prescription, vitamins, herbs. One on each line.",
        "Todo lo que toma: medicinas, también sin receta, vitaminas, hierbas. Una en cada línea.",
    ),
    "medicines_bad": (
        "At most 100 lines of 300 letters each.",
        "Como máximo 100 líneas de 300 letras cada una.",
    ),
    "note_bad": ("At most 1000 letters.", "Como máximo 1000 letras."),
    # a session
    "confirm_title": ("Your appointment", "Su cita"),
    "confirm_legend": ("Will you come?", "¿Vendrá?"),
    "confirm_yes": ("Yes, I will come", "Sí, vendré"),
    "confirm_move": ("I need another time", "Necesito otra hora"),
    "wish": ("When could you come?", "¿Cuándo podría venir?"),
    "wish_bad": ("At most 500 letters.", "Como máximo 500 letras."),
    "moved": (
        "Your appointment was moved while this page was open. Look at the new time, then send again.",
        "Su cita se cambió mientras esta página estaba abierta. Mire la nueva hora y envíe otra vez.",
    ),
    "by_video": ("By video", "Por video"),
    "join": ("Join the video call", "Entrar a la videollamada"),
    "join_from": (
        "The button to join appears here 15 minutes before it begins. Open this page again then.",
        "El botón para entrar aparece aquí 15 minutos antes. Abra entonces otra vez esta página.",
    ),
    "fasting_legend": (
        "Will you keep to the times without food and drink that the clinic told you?",
        "¿Respetará las horas sin comer ni beber que le indicó la clínica?",
    ),
    "fasting_no": ("No, or I am not sure", "No, o no estoy seguro(a)"),
    "ride_legend": ("Who takes you home?", "¿Quién le lleva a casa?"),
    "ride_yes": ("This adult takes me home", "Esta persona adulta me lleva a casa"),
    "ride_none": ("I have nobody yet", "Todavía no tengo a nadie"),
    "ride_name": ("Their name", "Su nombre"),
    "ride_phone": ("Their phone", "Su teléfono"),
    "ride_relationship": ("Who they are to you", "Quién es para usted"),
    "ride_bad": ("Give the name and the phone.", "Escriba el nombre y el teléfono."),
    "new_medicines_legend": (
        "Do you take anything new, or anything in another amount, since your last visit?",
        "¿Toma algo nuevo, o algo en otra cantidad, desde su última visita?",
    ),
    "new_medicines": ("What? One on each line.", "¿Qué? Una en cada línea."),
    "new_medicines_bad": ("Write down what you take.", "Escriba qué toma."),
    "moved_done": (
        "The clinic will call you about another time. Until then your appointment stands.",
        "La clínica le llamará sobre otra hora. Hasta entonces su cita sigue en pie.",
    ),
    "changes": ("To change something, call", "Para cambiar algo, llame al"),
}
_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
}
_DAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
}


def words(language: str) -> dict[str, str]:
    """All words in one language, by name."""
    column = LANGUAGES.index(language)
    return {name: said[column] for name, said in WORDS.items()}


def months(language: str) -> Iterator[tuple[int, str]]:
    return enumerate(_MONTHS[language].split(), 1)


def when(moment: datetime, language: str) -> str:
    """A local moment: ``Tuesday, May 5, 2026 at 9:00 AM MDT``, or ``martes, 5 de mayo de 2026, 9:00 MDT``."""
    day = _DAYS[language].split()[moment.weekday()]
    month = _MONTHS[language].split()[moment.month - 1]
    if language == "es":
        return f"{day}, {moment.day} de {month} de {moment.year}, {moment.hour}:{moment:%M} {moment.tzname()}"
    clock = f"{moment.hour % 12 or 12}:{moment:%M} {'AM' if moment.hour < 12 else 'PM'}"
    return f"{day}, {month} {moment.day}, {moment.year} at {clock} {moment.tzname()}"
