// Spanish: links that are sent to clients, and the documents that they sign. `tests/ui/test_words.py` finds what is missing.
import { learn } from "../../core/i18n.js";

learn({
  "A document to sign": "Un documento por firmar",
  "A link is made for a course, and there is none yet.":
    "Un enlace es para un programa, y aún no hay ninguno.",
  "A session": "Una sesión",
  "Answer the screening’s questions": "Contestar las preguntas del cribado",
  "Answered {time} by the client.": "Contestado {time} por el cliente.",
  "Answers": "Respuestas",
  "Asks for another time": "Pide otra hora",
  "Comes": "Viene",
  "Confirm a session, and what is asked before a dose":
    "Confirmar una sesión, y lo que se pregunta antes de una dosis",
  "Copied": "Copiada",
  "Copy the address": "Copiar la dirección",
  "Fill in a scale": "Rellenar una escala",
  "I have it": "Ya la tengo",
  "It was made, and its address got lost on the way. Take this link back, and make another.":
    "Se creó, y su dirección se perdió por el camino. Retire este enlace y cree otro.",
  "Its address, shown this once": "Su dirección, que solo se muestra esta vez",
  "Ketamine-assisted treatment": "Tratamiento asistido con ketamina",
  "Leave it for now": "Dejarlo por ahora",
  "Links": "Enlaces",
  "Links sent to the client": "Enlaces enviados al cliente",
  "Look, and take over…": "Ver y tomar…",
  "Make a link": "Crear un enlace",
  "Make the link": "Crear el enlace",
  "New medicines": "Medicamentos nuevos",
  "No link was sent yet.": "Aún no se ha enviado ningún enlace.",
  "No screening is begun: a clinician begins it, and sends this link.":
    "No hay cribado empezado: lo empieza alguien del equipo clínico, que envía este enlace.",
  "No session is booked.": "No hay ninguna sesión reservada.",
  "Privacy practices": "Prácticas de privacidad",
  "Psychotherapy notes, by themselves": "Notas de psicoterapia, por separado",
  "Read and sign a document": "Leer y firmar un documento",
  "Release of information": "Divulgación de información",
  "Ride and medicines go into the session and the client’s list. Fasting is asked again on the day.":
    "La vuelta y los medicamentos van a la sesión y a la lista del cliente. El ayuno se pregunta otra vez ese día.",
  "Send it to the client and nobody else. It works once, until {time}.":
    "Envíelo al cliente y a nadie más. Sirve una vez, hasta {time}.",
  "Sent {time}": "Enviado {time}",
  "Sessions by video": "Sesiones por video",
  "Take over": "Tomar",
  "The address is copied.": "La dirección está copiada.",
  "The answers are taken over.": "Las respuestas están tomadas.",
  "The link is made": "El enlace está creado",
  "The link is taken back.": "El enlace está retirado.",
  "The link works once. It asks for the date of birth before it names anybody.":
    "El enlace sirve una vez. Pide la fecha de nacimiento antes de nombrar a nadie.",
  "The ride home": "La vuelta a casa",
  "The screening that is begun": "El cribado empezado",
  "The screening’s questions": "Las preguntas del cribado",
  "They go into the draft of the screening. What a clinician wrote there already stays.":
    "Van al borrador del cribado. Lo que ya escribió alguien del equipo clínico se queda.",
  "What is the client to do?": "¿Qué debe hacer el cliente?",
  "What it costs": "Lo que cuesta",
  "Which one?": "¿Cuál?",
  "Will have fasted": "Vendrá en ayunas",
  "answered {time}": "contestado {time}",
  "ended: five wrong dates of birth": "cerrado: cinco fechas de nacimiento equivocadas",
  "its time is over": "se acabó su plazo",
  "none given": "ninguno indicado",
  "taken back {time}": "retirado {time}",
  "taken over {time}": "tomado {time}",
  "waits until {time}": "espera hasta {time}",
  "{n} of 5 wrong dates of birth": "{n} de 5 fechas de nacimiento equivocadas",
});
