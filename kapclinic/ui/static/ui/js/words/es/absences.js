// Spanish of what the page of absences says. Each key is the sentence as the code has it.
import { learn } from "../../core/i18n.js";

learn({
  "An integration is owed from {from} to {to}.": "Se debe una integración de {from} a {to}.",
  "Cancel it": "Cancelarla",
  "Cancel the absence": "Cancelar la ausencia",
  "Kept: {name} is away": "Anotado: {name} está ausente",
  "Look again at what it breaks": "Ver de nuevo lo que rompe",
  "Mark as away": "Anotar la ausencia",
  "Mark as away, and move these": "Anotar la ausencia y mover estas",
  "Move them all the same, because": "Moverlas de todos modos, porque",
  "Nobody is away, and nobody will be.": "Nadie está ausente ni lo estará.",
  "Nothing is booked with them then": "No hay nada reservado con esa persona entonces",
  "Same day, {time}": "Mismo día, {time}",
  "Same time": "Misma hora",
  "Say who, from when and until when": "Diga quién, desde cuándo y hasta cuándo",
  "Somebody else": "Otra persona",
  "Somebody will be away": "Alguien estará ausente",
  "Taken meanwhile: {when}. Choose another way.": "Ocupada entretanto: {when}. Elija otra salida.",
  "The client is here already. Find somebody for them first.":
    "El cliente ya está aquí. Busque antes a alguien.",
  "They are there after all…": "Estará presente después de todo…",
  "Why is it cancelled?": "¿Por qué se cancela?",
  "away now": "ausente ahora",
  "{day}: the clinic is closed": "{day}: la clínica está cerrada",
  "{name} is away": "{name} está ausente",
  "{n} integration is owed again.": "Se debe de nuevo {n} integración.",
  "{n} integrations are owed again.": "Se deben de nuevo {n} integraciones.",
  "{n} session is booked with them then": "{n} sesión está reservada con esa persona entonces",
  "{n} session is not decided yet": "{n} sesión está sin decidir",
  "{n} session was moved or has somebody else now.": "{n} sesión se movió o tiene ahora a otra persona.",
  "{n} sessions are booked with them then": "{n} sesiones están reservadas con esa persona entonces",
  "{n} sessions are not decided yet": "{n} sesiones están sin decidir",
  "{n} sessions were moved or have somebody else now.":
    "{n} sesiones se movieron o tienen ahora a otra persona.",
  "{n} was cancelled.": "{n} se canceló.",
  "{n} were cancelled.": "{n} se cancelaron.",
  "{room}: closed": "{room}: cerrada",
  "Call these clients. Only those who had confirmed, or were reminded, stand on the list of what is to be done too.":
    "Llame a estos clientes. En la lista de tareas solo están también quienes habían confirmado o recibieron un recordatorio.",
  "Held for an integration that follows a dose: another time is held by itself.":
    "Guardada para la integración que sigue a una dosis: se guarda otra hora sola.",
  "Nobody else is free then, and no other time near it is.":
    "Nadie más está libre entonces, ni hay otra hora cercana.",
  "Sessions that lost their room stand on the list of what is to be done":
    "Las sesiones que perdieron su sala están en la lista de lo que hay que hacer",
  "{n} more at another clinic, whose desk has to settle it first.":
    "{n} más en otra clínica, cuya recepción debe resolverla antes.",
  "{n} more at other clinics, whose desks have to settle them first.":
    "{n} más en otras clínicas, cuyas recepciones deben resolverlas antes.",
});
