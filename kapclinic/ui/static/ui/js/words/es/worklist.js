// Spanish of the worklist. Each key is the sentence as the code has it.
import { learn } from "../../core/i18n.js";

learn({
  "Call, and confirm": "Llamar y confirmar",
  "Call, and write it down": "Llamar y anotarlo",
  "Done, with a note…": "Hecho, con una nota…",
  "Due": "Plazo",
  "Go to the bedside": "Ir junto al cliente",
  "In a few words": "En pocas palabras",
  "In your own words, if there is more": "En sus palabras, si hay algo más",
  "It is done": "Está hecho",
  "Move, or find somebody": "Mover o buscar a alguien",
  "Nobody acted in time: it was carried up.": "Nadie actuó a tiempo: se pasó más arriba.",
  "Settled: {what}": "Resuelto: {what}",
  "Show it on its day": "Mostrarla en su día",
  "Show the offer": "Mostrar la oferta",
  "Show the plan": "Mostrar el plan",
  "This row goes by itself once that is done.": "Esta fila se va sola cuando eso está hecho.",
  "What settles the row": "Lo que resuelve la fila",
  "What was said?": "¿Qué se dijo?",
  "Without a room": "Sin sala",
  "nobody": "nadie",
});
