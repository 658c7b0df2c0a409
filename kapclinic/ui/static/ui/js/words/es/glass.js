// Spanish: the record of another location, opened in an emergency. `tests/ui/test_words.py` finds what is missing.
import { learn } from "../../core/i18n.js";

learn({
  "A client of another location": "Un cliente de otra sede",
  "A record of another location: open to you until {time}.":
    "Un expediente de otra sede: abierto para usted hasta {time}.",
  "Asking…": "Preguntando…",
  "Birth date": "Nacimiento",
  "End it now": "Terminarlo ahora",
  "Everything that you read is logged as an emergency. The client can ask who it was.":
    "Todo lo que lea queda registrado como urgencia. El cliente puede preguntar quién fue.",
  "Fill this in.": "Rellene esto.",
  "Find the one client": "Encontrar a ese cliente",
  "First name, chosen or legal": "Nombre, elegido o legal",
  "For an emergency: somebody needs you, and their record is not at a location of yours.":
    "Para una urgencia: alguien le necesita, y su expediente no está en una sede suya.",
  "Go to the record": "Ir al expediente",
  "It stands for four hours at most; the location may say less. You can end it before.":
    "Vale cuatro horas como máximo; la sede puede decir menos. Usted puede terminarlo antes.",
  "It takes all of it, exactly as it is written.": "Hace falta todo, exactamente como está escrito.",
  "Last name, exactly": "Apellido, exacto",
  "Look": "Mirar",
  "MRN, exactly": "MRN, exacto",
  "Name and date of birth": "Nombre y fecha de nacimiento",
  "No client fits exactly, or more than one does: the MRN tells them apart.":
    "Ningún cliente coincide exactamente, o más de uno: el MRN los distingue.",
  "Open the record, and read": "Abrir el expediente y leer",
  "Open to you now": "Abierto para usted ahora",
  "Opened in an emergency, by you": "Abierto por usted en una urgencia",
  "Opening…": "Abriendo…",
  "Say it in three words or more.": "Dígalo en tres palabras o más.",
  "That you looked stands in the client's access log.": "Que usted miró queda en el registro de accesos del cliente.",
  "The MRN": "El MRN",
  "The medical director there is told now, and writes down whether it was right.":
    "Se avisa ahora a la dirección médica de allí, que anota si fue correcto.",
  "The record is closed to you again.": "El expediente vuelve a estar cerrado para usted.",
  "There is one such client, at another location.": "Hay un cliente así, en otra sede.",
  "This client is at a location of yours: open the record as always.":
    "Este cliente está en una sede suya: abra el expediente como siempre.",
  "Three words or more. The director there reads them.": "Tres palabras o más. Las lee la dirección de allí.",
  "What is known": "Lo que se sabe",
  "Why do you need this record now?": "¿Por qué necesita este expediente ahora?",
  "You only read. Each read is logged, and the director there answers for it.":
    "Usted solo lee. Cada lectura queda registrada, y la dirección de allí la revisa.",
  "You read this record, and write nothing in it. Psychotherapy notes stay closed.":
    "Usted lee este expediente y no escribe nada en él. Las notas de psicoterapia siguen cerradas.",
  "until {time}": "hasta {time}",
});
