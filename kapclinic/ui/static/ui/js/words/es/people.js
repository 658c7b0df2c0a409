// Spanish of the forms of clients and courses. Each key is the sentence as the code has it.
import { learn } from "../../core/i18n.js";

learn({
  "5 minutes more": "5 minutos más",
  "A time that you choose is held for you while you speak with the client.":
    "La hora que elija queda reservada para usted mientras habla con el cliente.",
  "Add to the waitlist": "Añadir a la lista de espera",
  "Afternoon": "Tarde",
  "Another client": "Otro cliente",
  "Any": "Cualquiera",
  "Any free": "Cualquiera libre",
  "Book": "Reservar",
  "Book a session": "Reservar una sesión",
  "Book {what}": "Reservar {what}",
  "Booked: {when}": "Reservada: {when}",
  "Call {name}": "Llamar a {name}",
  "Cancel the session": "Cancelar la sesión",
  "Cancel this session": "Cancelar esta sesión",
  "Choose who it is for, and what.": "Elija para quién es y qué.",
  "Confirmed by client": "Confirmado por el cliente",
  "Find a slot": "Buscar hora",
  "Held for you": "Reservada para usted",
  "Holding…": "Reservando…",
  "Later times": "Más tarde",
  "MRN": "MRN",
  "Morning": "Mañana",
  "Next free times": "Próximas horas libres",
  "No longer held: it is booked only if nobody else takes it.":
    "Ya no está reservada: solo se reserva si nadie más la toma.",
  "Not reached": "No contesta",
  "Nothing is free in these days. Look later, or at another time of day.":
    "No hay nada libre en estos días. Busque más tarde o a otra hora.",
  "Nothing is owed. After each dose its integration appears here.":
    "No se debe nada. Tras cada dosis, su integración aparece aquí.",
  "Open a course": "Abrir un programa",
  "Plan the whole course instead": "Planificar el programa entero",
  "Save ride": "Guardar acompañante",
  "Say when the integration is, and ask whether it suits.":
    "Diga cuándo es la integración y pregunte si le conviene.",
  "Say when the session is, and ask whether it suits.":
    "Diga cuándo es la sesión y pregunte si le conviene.",
  "Take off the waitlist": "Quitar de la lista de espera",
  "The client did not come": "El cliente no vino",
  "The time is held for one more minute.": "La hora queda reservada un minuto más.",
  "The window: {from} – {until}": "La ventana: {from} – {until}",
  "Theirs first": "Primero el suyo",
  "This begins after the window has closed: the integration will count as late.":
    "Empieza cuando la ventana ya se ha cerrado: la integración contará como tardía.",
  "This client has no course at this clinic. A course is opened first.":
    "Este cliente no tiene programa en esta clínica. Primero se abre un programa.",
  "This session begins {when}. It is written down on its day; if it takes place at another time, move it first.":
    "Esta sesión empieza el {when}. Se anota en su día; si tiene lugar a otra hora, muévala primero.",
  "Time of day": "Hora del día",
  "Until": "Hasta",
  "Who and what": "Quién y qué",
  "Who takes the client home?": "¿Quién lleva al cliente a casa?",
  "Who they are to the client": "Qué es del cliente",
  "Write down the no-show": "Anotar que no vino",
  "after the window": "después de la ventana",
  "just taken": "recién tomada",
  "{n} shown, each with room and staff": "{n} a la vista, cada una con sala y personal",
  "{n} shown, with room and staff": "{n} a la vista, con sala y personal",
});
