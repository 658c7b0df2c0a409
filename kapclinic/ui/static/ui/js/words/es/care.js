// Spanish: what the prescriber's desk and intake share. `tests/ui/test_words.py` finds what is missing.
import { learn } from "../../core/i18n.js";

learn({
  "None is written down.": "No hay ninguno anotado.",
  "None known": "Ninguna conocida",
  "None recorded": "Sin registrar",
  "Not sent: what you wrote is on this page alone.":
    "Sin enviar: lo que escribió está solo en esta página.",
  "On this page alone until you send it.": "Solo en esta página hasta que lo envíe.",
  "Question": "Pregunta",
  "Say why.": "Diga por qué.",
  "Screen again": "Repetir el cribado",
  "Spelled nearly so:": "Se escribe casi así:",
  "Void": "Anular",
  "info": "información",
  "intramuscular": "intramuscular",
  "intranasal": "intranasal",
  "intravenous": "intravenosa",
  "left out": "sin contestar",
  "not recognised": "no reconocido",
  "oral": "oral",
});
