// Spanish: what clients answered by a link. `tests/ui/test_words.py` finds what is missing.
import { learn } from "../../core/i18n.js";

learn({
  "Answered by the client": "Contestado por el cliente",
  "The questions before a course": "Las preguntas antes de un programa",
  "What is asked before the session of {time}": "Lo que se pregunta antes de la sesión del {time}",
  "waits since {time}": "espera desde {time}",
});
